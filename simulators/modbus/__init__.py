"""Stand-ins for Modbus units, on a serial bus and over TCP."""
