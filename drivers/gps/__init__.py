"""Positions: NMEA sentences now."""
