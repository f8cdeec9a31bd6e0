"""Bluetooth probes in the air and a gateway's radio, as BlueZ shows them on a D-Bus of its own."""
