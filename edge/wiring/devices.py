"""Sources, devices and targets, from the settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from pydantic import BaseModel

from drivers.ble.probe import Connected
from drivers.contract import (
    Decoder,
    Device,
    Driver,
    Keyed,
    Link,
    LinkDown,
    Now,
    Open,
    Polled,
    Port,
    Source,
)
from drivers.links.input import open_input
from drivers.links.serial import open_serial
from drivers.links.tcp import open_tcp
from edge import settings as schema
from edge.alarms import Alarms
from edge.calibration import Calibration, by_offset, by_points
from edge.devices import Intaken
from edge.errors import Problem, SettingsError
from edge.journal.store import Journal
from edge.settings import Settings
from edge.thinning import Thin
from edge.uplinks.contract import Uplink
from edge.uplinks.mqtt import Target
from edge.uplinks.store import Store


def opener(port: schema.Port) -> Open:
    """How this port is opened."""
    match port.kind:
        case "tcp" if port.tcp is not None:
            return partial(open_tcp, *port.tcp)
        case "serial":
            return partial(open_serial, port.wire, port.baud, port.parity, port.data_bits, port.stop_bits)
        case "input":
            return partial(open_input, port.wire)
        case _:
            return partial(_no_wire, port.wire)


async def _no_wire(where: str) -> Link:
    raise LinkDown(f"{where} is no wire that bytes come from")


def _untold() -> None: ...


def sources(
    settings: Settings, drivers: Mapping[str, Driver], now: Now, only: str | None = None
) -> dict[str, Source]:
    """A source for each port that has devices; with ``only``, just that device and its port.

    Raises SettingsError where a key cannot be read.
    """
    return {name: source(hung, now) for name, hung in hanging(settings, drivers, only).items()}


@dataclass(frozen=True, slots=True)
class Said:
    """All that a source is told of a device. key: its secret, where it has one."""

    driver: str
    options: BaseModel
    every_s: float | None
    key: str | None = field(repr=False)


class Hung(NamedTuple):
    """A port and what hangs on it. source: what reads it. said: by device, to be compared."""

    name: str
    port: schema.Port
    source: type[Source]
    devices: tuple[Device, ...]
    said: Mapping[str, Said]

    def after(self, former: Hung) -> Hung:
        """The same, where a device that is as it was is the same object as before."""
        same = {
            each.name: each for each in former.devices if former.said[each.name] == self.said.get(each.name)
        }
        return self._replace(devices=tuple(same.get(each.name, each) for each in self.devices))

    def is_port_of(self, former: Hung) -> bool:
        """Whether nothing but devices differs."""
        return (self.port, self.source) == (former.port, former.source)


def hanging(settings: Settings, drivers: Mapping[str, Driver], only: str | None = None) -> dict[str, Hung]:
    """Each port that has devices; with ``only``, just that device and its port. Keys are read now.

    Raises SettingsError where one cannot be read.
    """
    devices: defaultdict[str, list[Device]] = defaultdict(list)
    said: defaultdict[str, dict[str, Said]] = defaultdict(dict)
    for name, device in settings.devices.items():
        if only in (None, name):
            driver = drivers[device.driver]
            key, decoder = _unlocked(name, driver.decoder(device.options), device.options)
            every_s = device.every_s or driver.every_s
            address = getattr(device.options, "address", "")
            devices[device.port].append(Device(name, decoder, every_s, address))
            said[device.port][name] = Said(device.driver, device.options, every_s, key)
    found = {}
    for name, hung in devices.items():
        port = settings.ports[name]
        reads = drivers[settings.devices[hung[0].name].driver].sources[port.kind]
        found[name] = Hung(name, port, reads, tuple(hung), said[name])
    return found


def source(hung: Hung, now: Now, opened: Callable[[], None] = _untold) -> Source:
    """What reads this port. ``opened`` is told when its link has opened."""
    port = hung.port
    facts = Port(hung.name, port.kind, port.timeout_s, port.baud, port.framing, port.wire)
    return hung.source(facts, _telling(opener(port), opened), hung.devices, now)


def _telling(open_link: Open, opened: Callable[[], None]) -> Open:
    async def open_and_tell() -> Link:
        link = await open_link()
        opened()
        return link

    return open_and_tell


def _unlocked(name: str, decoder: Decoder, options: BaseModel) -> tuple[str | None, Decoder]:
    """Its key is read now; None: it has none. Raises SettingsError."""
    key = getattr(options, "key", None)
    if key is None or not isinstance(decoder, Keyed):
        return None, decoder
    try:
        secret = key.reveal()
        return secret, decoder.unlocked(secret)
    except ValueError:
        raise SettingsError(problems=[Problem(name, 0, 0, "", "secret_key", {"secret": str(key)})]) from None


def intaken(settings: Settings, drivers: Mapping[str, Driver]) -> list[Intaken]:
    """The devices as the intake knows them."""
    return [
        Intaken(
            name=name,
            quantities=(decoder := drivers[device.driver].decoder(device.options)).quantities(),
            every_s=device.every_s or drivers[device.driver].every_s,
            spaced=not isinstance(decoder, Polled),
            calibrations={quantity: _calibration(adjust) for quantity, adjust in device.adjust.items()},
            repeat_s=device.repeat_s,
            thin=_thin(device.thin) if device.thin is not None else None,
            learns=(in_the_air := settings.ports[device.port].kind == "bluetooth"),
            open_air=in_the_air and not isinstance(decoder, Connected),
        )
        for name, device in settings.devices.items()
    ]


def _calibration(adjust: schema.Adjust) -> Calibration:
    return by_points(adjust.points) if adjust.points is not None else by_offset(adjust.offset)


def _thin(thin: schema.Thin) -> Thin:
    return Thin(thin.at_least_s, thin.change, thin.distance_m, thin.turn_deg)


def stores(settings: Settings) -> dict[str, Store]:
    """Where each uplink to a time-series store writes, its secret read now. Raises SettingsError."""
    wanted = [name for name, uplink in settings.uplinks.items() if uplink.influxdb is not None]
    if wanted and find_spec("influxdb_client") is None:
        raise SettingsError(
            problems=[Problem(f"uplinks.{name}.influxdb", 0, 0, "", "influx_missing", {}) for name in wanted]
        )
    return {
        name: Store(
            gateway=settings.gateway.id,
            url=uplink.influxdb.url,
            org=uplink.influxdb.org,
            bucket=uplink.influxdb.bucket,
            token=uplink.influxdb.token.reveal(),
            ca=uplink.influxdb.ca,
            catch_up_bytes_per_s=uplink.catch_up_bytes_per_s,
        )
        for name, uplink in settings.uplinks.items()
        if uplink.influxdb is not None
    }


def to_store(name: str, store: Store, journal: Journal, alarms: Alarms) -> Uplink:
    """The uplink to a time-series store. Its library is loaded here."""
    from edge.uplinks.influx import InfluxUplink  # noqa: PLC0415 - it costs 30 MB

    return InfluxUplink(name, store, journal, alarms)


def targets(settings: Settings) -> dict[str, Target]:
    """Where each uplink publishes, its secrets read now. Raises SettingsError."""
    return {
        name: _target(settings.gateway.id, uplink.mqtt, uplink.catch_up_bytes_per_s)
        for name, uplink in settings.uplinks.items()
        if uplink.mqtt is not None
    }


def _target(gateway: str, mqtt: schema.Mqtt, catch_up_bytes_per_s: float | None) -> Target:
    return Target(
        host=mqtt.host,
        port=mqtt.port,
        gateway=gateway,
        root=mqtt.root,
        tls=mqtt.tls,
        username=mqtt.username,
        password=mqtt.password.reveal() if mqtt.password else None,
        ca=mqtt.ca,
        cert=mqtt.cert,
        key=mqtt.key.path() if mqtt.key else None,
        version=mqtt.version,
        keepalive_s=mqtt.keepalive_s,
        holds=mqtt.holds,
        commands=bool(mqtt.commands),
        catch_up_bytes_per_s=catch_up_bytes_per_s,
    )


def allowed(settings: Settings) -> dict[str, frozenset[str]]:
    """The commands that each uplink may bring."""
    return {
        name: frozenset(uplink.mqtt.commands)
        for name, uplink in settings.uplinks.items()
        if uplink.mqtt is not None
    }
