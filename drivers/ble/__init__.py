"""Bluetooth probes: the radio that listens to all of them, and one file per family of advertisement."""
