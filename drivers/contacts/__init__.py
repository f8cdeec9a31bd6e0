"""Contacts that are open or closed: on a chip of the gateway itself, or as a bit of a Modbus unit."""
