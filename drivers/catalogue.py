"""The one table: a driver's name in the YAML file, and what stands behind it.

A new reader is one file, one line here, and its captures in ``tests/vectors/{name}.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from drivers.contacts.contact import Contact
from drivers.contacts.gpio import Contacts
from drivers.contract import Driver, PortKind, Source
from drivers.gps.gpsd import Gpsd
from drivers.gps.nmea import Nmea
from drivers.listener import Listener
from drivers.modbus.bus import Bus
from drivers.modbus.decoder import Modbus
from drivers.rfid.r2000 import R2000
from drivers.rfid.rfid_shop import RfidShop
from drivers.rfid.tag_lines import TagLines
from drivers.rfid.uhf_reader18 import UhfReader18
from drivers.rfid.wl134 import Wl134
from drivers.rfid.yrm100 import Yrm100
from drivers.scales.scale import Scale

_Sources: TypeAlias = Mapping[PortKind, type[Source]]

HEARD: Final[_Sources] = {"serial": Listener, "tcp": Listener}
"""A serial line, or the network: the same bytes through a device server."""

ASKED: Final[_Sources] = {"serial": Bus, "tcp": Bus}
"""The same; over tcp it is Modbus TCP unless the port says otherwise."""

DRIVERS: Final[dict[str, Driver]] = {
    "contact": Driver(Contact, {"gpio": Contacts, **ASKED}, every_s=60.0),
    "gpsd": Driver(Gpsd, {"tcp": Listener}, every_s=1.0),
    "modbus": Driver(Modbus, ASKED, every_s=10.0),
    "nmea": Driver(Nmea, HEARD, every_s=1.0),
    "wl134": Driver(Wl134, HEARD, every_s=None),
    "tag_lines": Driver(TagLines, HEARD, every_s=None),
    "rfid_shop": Driver(RfidShop, HEARD, every_s=None),
    "uhf_reader18": Driver(UhfReader18, HEARD, every_s=None),
    "yrm100": Driver(Yrm100, HEARD, every_s=None),
    "r2000": Driver(R2000, HEARD, every_s=None),
    "scale": Driver(Scale, HEARD, every_s=None),
}
