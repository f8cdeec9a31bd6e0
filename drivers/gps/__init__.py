"""Positions: NMEA sentences off a receiver's wire, and gpsd's reports over the network."""
