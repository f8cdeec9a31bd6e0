"""The one table: a driver's name in the YAML file, and what stands behind it.

A new reader is one file, one line here, and its captures in ``tests/vectors/{name}.json``.
"""

from __future__ import annotations

from typing import Final

from drivers.contract import Driver
from drivers.gps.gpsd import Gpsd
from drivers.gps.nmea import Nmea
from drivers.listener import Listener
from drivers.modbus.bus import Bus
from drivers.modbus.decoder import Modbus
from drivers.rfid.wl134 import Wl134

WIRES: Final = frozenset({"serial", "tcp"})
"""A serial line, or the network: the same bytes through a device server; for modbus, Modbus
TCP unless the port says otherwise."""

NETWORK: Final = frozenset({"tcp"})

DRIVERS: Final[dict[str, Driver]] = {
    "gpsd": Driver(Gpsd, Listener, ports=NETWORK, every_s=1.0),
    "modbus": Driver(Modbus, Bus, ports=WIRES, every_s=10.0),
    "nmea": Driver(Nmea, Listener, ports=WIRES, every_s=1.0),
    "wl134": Driver(Wl134, Listener, ports=WIRES, every_s=None),
}
