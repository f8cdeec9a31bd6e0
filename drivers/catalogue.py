"""The one table: a driver's name in the YAML file, and what stands behind it.

A new reader is one file, one line here, and its captures in ``tests/vectors/{name}.json``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from drivers.ble.atc import Atc
from drivers.ble.beacon import Beacon
from drivers.ble.bluemaestro import BlueMaestro
from drivers.ble.bthome import BTHome
from drivers.ble.efento import Efento
from drivers.ble.ela import Ela
from drivers.ble.environmental_sensing import EnvironmentalSensing
from drivers.ble.govee import Govee
from drivers.ble.health_thermometer import HealthThermometer
from drivers.ble.inkbird import Inkbird
from drivers.ble.jaalee import Jaalee
from drivers.ble.kkm import Kkm
from drivers.ble.minew import Minew
from drivers.ble.qingping import Qingping
from drivers.ble.ruuvi import Ruuvi
from drivers.ble.sensorpush import SensorPush
from drivers.ble.switchbot import SwitchBot
from drivers.ble.teltonika import Teltonika
from drivers.ble.thermobeacon import ThermoBeacon
from drivers.ble.thermopro import ThermoPro
from drivers.ble.xiaomi import Xiaomi
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
from drivers.scanners.scanner import Scanner

_Sources: TypeAlias = Mapping[PortKind, type[Source]]

HEARD: Final[_Sources] = {"serial": Listener, "tcp": Listener}
"""A serial line, or the network: the same bytes through a device server."""

ASKED: Final[_Sources] = {"serial": Bus, "tcp": Bus}
"""The same; over tcp it is Modbus TCP unless the port says otherwise."""


class _OnTheAir(Mapping[PortKind, type[Source]]):
    """The radio, loaded with bleak and D-Bus (4 MB) only where the settings have one."""

    def __getitem__(self, kind: PortKind) -> type[Source]:
        if kind != "bluetooth":
            raise KeyError(kind)
        from drivers.ble.radio import Radio  # noqa: PLC0415 - see above

        return Radio

    def __iter__(self) -> Iterator[PortKind]:
        yield "bluetooth"

    def __len__(self) -> int:
        return 1


ADVERTISED: Final[_Sources] = _OnTheAir()
"""In the air."""

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
    "bluemaestro": Driver(BlueMaestro, ADVERTISED, every_s=None),
    "govee": Driver(Govee, ADVERTISED, every_s=None),
    "inkbird": Driver(Inkbird, ADVERTISED, every_s=None),
    "sensorpush": Driver(SensorPush, ADVERTISED, every_s=None),
    "switchbot": Driver(SwitchBot, ADVERTISED, every_s=None),
    "thermobeacon": Driver(ThermoBeacon, ADVERTISED, every_s=None),
    "thermopro": Driver(ThermoPro, ADVERTISED, every_s=None),
    "environmental_sensing": Driver(EnvironmentalSensing, ADVERTISED, every_s=None),
    "health_thermometer": Driver(HealthThermometer, ADVERTISED, every_s=None),
    "bthome": Driver(BTHome, ADVERTISED, every_s=None),
    "ruuvi": Driver(Ruuvi, ADVERTISED, every_s=None),
    "atc": Driver(Atc, ADVERTISED, every_s=None),
    "xiaomi": Driver(Xiaomi, ADVERTISED, every_s=None),
    "qingping": Driver(Qingping, ADVERTISED, every_s=None),
    "scale": Driver(Scale, HEARD, every_s=None),
    "ela": Driver(Ela, ADVERTISED, every_s=None),
    "teltonika": Driver(Teltonika, ADVERTISED, every_s=None),
    "minew": Driver(Minew, ADVERTISED, every_s=None),
    "efento": Driver(Efento, ADVERTISED, every_s=None),
    "jaalee": Driver(Jaalee, ADVERTISED, every_s=None),
    "kkm": Driver(Kkm, ADVERTISED, every_s=None),
    "beacon": Driver(Beacon, ADVERTISED, every_s=None),
    "scanner": Driver(Scanner, {**HEARD, "input": Listener}, every_s=None),
}
