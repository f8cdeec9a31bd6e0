"""Bluetooth probes: what one measures, and how it comes into the air.

Beacons advertise their values (``simulators/bluez/layouts.py``). Thermometers advertise that they can be
connected, and notify their values, all little-endian:

===================== ======= =======================================================================
kind                  service characteristics
===================== ======= =======================================================================
environmental-sensing 0x181A  2A6E temperature s16 0.01 Cel, 8000: none; 2A6F humidity u16 0.01 %,
                              FFFF: none
health-thermometer    0x1809  2A1C indicated: flags 00 (Cel), temperature as IEEE 11073 FLOAT
                              (mantissa s24, exponent s8), 007FFFFF: none
===================== ======= =======================================================================

Sources: Bluetooth SIG, GATT Specification Supplement; IEEE 11073-20601.
"""

from __future__ import annotations

import random
import re
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping

from simulators.bluez.advert import Advert
from simulators.bluez.layouts import LAYOUTS, Layout, Payload, Sample, bthome, bthome_encrypted
from simulators.climate import Room
from simulators.faults import Fault
from simulators.options import Options
from simulators.sensors import Sensor, sensor

ADDRESS = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}")
KEY = re.compile(r"[0-9a-f]{32}")

IMPOSSIBLE = (150.0, 120.0)
"""Cel and % of a spoofed frame."""

AHEAD = 100
"""By how much a spoofed frame's counter is, so that it is not refused for that."""

REMEMBERED = 20
"""Frames that somebody could replay."""

ENVIRONMENTAL_SENSING, TEMPERATURE, HUMIDITY = 0x181A, 0x2A6E, 0x2A6F
HEALTH_THERMOMETER, TEMPERATURE_MEASUREMENT = 0x1809, 0x2A1C
NO_FLOAT = 0x007FFFFF


class Probe(ABC):
    """Options: ``address``, ``sensor``, ``every`` (between two advertisements) and ``measures`` (between two
    measurements), both in real time; ``battery`` in %, ``rssi`` in dBm, ``name``."""

    steps: tuple[float, float] = (0.01, 0.01)
    """Resolution, in Cel and %."""

    fails = True
    """Whether it can say that it has no value."""

    def __init__(self, number: int, kind: str, options: Options, rooms: Mapping[str, Room]) -> None:
        self.number = number
        self.kind = kind
        self.address = options.one("address", str).upper()
        if not ADDRESS.fullmatch(self.address):
            raise options.error(
                "address", f"{self.address} is no address such as A4:C1:38:00:11:22, in quotes"
            )
        self._sensor = sensor(options, "sensor", options.raw("sensor"), rooms)
        self._damp = Sensor(self._sensor.room, "humidity")
        self.every_s = options.duration("every", "1s")
        self.measures_s = options.duration("measures", "5s")
        self._battery = options.one("battery", int, 90)
        self._rssi = options.one("rssi", int, -60)
        self._name = options.one("name", str, None)
        self._sampled = float("-inf")
        self._sample = Sample(
            None, None, self._battery, counter=int(time.time())
        )  # beyond that of an earlier run
        self.repeat = 0

    @property
    def known_as(self) -> dict[str, object]:
        """How the truth names it."""
        return {"unit": self.number, "kind": self.kind, "address": self.address}

    @abstractmethod
    def advert(self) -> Advert:
        """What it advertises of its newest measurement."""

    @abstractmethod
    def says(self) -> dict[str, object]:
        """What its newest measurement says, as it is sent."""

    def rssi(self, rng: random.Random) -> int:
        """In dBm, a little different each time."""
        return max(-120, min(-20, self._rssi + round(rng.gauss(0, 4))))

    def measure(self, faults: Mapping[str, Fault]) -> None:
        """Takes a new value if it is time for one."""
        now = time.monotonic()
        self.repeat += 1
        if now - self._sampled < self.measures_s or ("frozen" in faults and self._sampled > float("-inf")):
            return
        self._sampled, self.repeat = now, 0
        failed = "sentinel" in faults
        self._sample = Sample(
            None if failed else self._rounded(self._sensor.read(), self.steps[0]),
            None if failed else self._rounded(self._damp.read(), self.steps[1]),
            self._battery,
            self._sample.counter + 1,
            closed=not self._sensor.room.look("door"),
        )

    def forget(self) -> None:
        """A fault began or ended: the next measurement shows it."""
        self._sampled = min(self._sampled, time.monotonic() - self.measures_s)

    @staticmethod
    def _rounded(value: float, step: float) -> float:
        return round(round(value / step) * step, 4)


class Beacon(Probe):
    """Of one of the ``LAYOUTS``. Further option: ``key`` of a bthome, 32 hexadecimal digits."""

    def __init__(self, number: int, kind: str, options: Options, rooms: Mapping[str, Room]) -> None:
        self._layout: Layout = LAYOUTS[kind]
        self.steps = (self._layout.temperature_step, self._layout.humidity_step)
        self.fails = self._layout.fails
        super().__init__(number, kind, options, rooms)
        self._forge: list[Callable[[Sample, bytes], Payload]] = [self._layout.encode]
        if "key" in options:
            key = options.one("key", str)
            if kind != "bthome" or not KEY.fullmatch(key):
                raise options.error("key", "is only a bthome's, 32 hexadecimal digits in quotes")
            self._layout = self._layout._replace(encode=bthome_encrypted(bytes.fromhex(key)), counts=1 << 32)
            self._forge = [bthome, bthome_encrypted(bytes(16))]
        options.done()
        self._sent: deque[Advert] = deque(maxlen=REMEMBERED)

    def advert(self) -> Advert:
        advert = self._as_advert(self._layout.encode(self._sample, self._octets))
        if self.repeat == 0:
            self._sent.append(advert)
        return advert

    def damaged(self) -> Advert:
        """The newest frame without its last byte."""
        return self._as_advert(self._layout.encode(self._sample, self._octets).damaged())

    def replayed(self) -> Advert | None:
        """A frame from before; None: there was none yet."""
        return self._sent[0] if len(self._sent) > 1 else None

    def spoofed(self) -> Advert:
        """A frame with this address and values that cannot be."""
        self._forge.append(self._forge.pop(0))
        temperature, humidity = IMPOSSIBLE
        counter = self._sample.counter + AHEAD
        sample = self._sample._replace(temperature=temperature, humidity=humidity, counter=counter)
        return self._as_advert(self._forge[-1](sample, self._octets))

    def says(self) -> dict[str, object]:
        sample = self._sample
        said: dict[str, object] = {"temperature": sample.temperature, "humidity": sample.humidity}
        if self._layout.charge:
            said["battery"] = sample.battery
        if self._layout.voltage:
            said["voltage"] = sample.millivolts
        if self.kind == "teltonika-eye":
            said["closed"] = sample.closed
        if self._layout.counts:
            said["counter"] = sample.counter % self._layout.counts
        return said

    @property
    def _octets(self) -> bytes:
        return bytes.fromhex(self.address.replace(":", ""))

    def _as_advert(self, payload: Payload) -> Advert:
        return Advert(self.address, payload.manufacturer, payload.services, payload.uuids, self._name)


class Thermometer(Probe):
    """One that is connected."""

    def __init__(self, number: int, kind: str, options: Options, rooms: Mapping[str, Room]) -> None:
        if kind == "health-thermometer":
            self.steps = (0.1, 0.1)
        super().__init__(number, kind, options, rooms)
        options.done()
        self.connected = False

    @property
    def service(self) -> int:
        """Its 16-bit UUID."""
        return HEALTH_THERMOMETER if self.kind == "health-thermometer" else ENVIRONMENTAL_SENSING

    def advert(self) -> Advert:
        return Advert(self.address, uuids=(self.service,), name=self._name)

    def says(self) -> dict[str, object]:
        return {"temperature": self._sample.temperature, "humidity": self._sample.humidity}

    def values(self) -> dict[int, tuple[bytes, dict[str, object]]]:
        """By characteristic: the newest measurement as it is sent, and what it says."""
        temperature, humidity = self._sample.temperature, self._sample.humidity
        if self.kind == "health-thermometer":
            return {TEMPERATURE_MEASUREMENT: (b"\x00" + _float(temperature), {"temperature": temperature})}
        return {
            TEMPERATURE: (_hundredths(temperature, 0x8000), {"temperature": temperature}),
            HUMIDITY: (_hundredths(humidity, 0xFFFF), {"humidity": humidity}),
        }

    def read(self, characteristic: int) -> bytes:
        """What a characteristic holds now."""
        return self.values()[characteristic][0]


def _hundredths(value: float | None, none: int) -> bytes:
    return (none if value is None else round(value / 0.01) & 0xFFFF).to_bytes(2, "little")


def _float(value: float | None) -> bytes:
    if value is None:
        return NO_FLOAT.to_bytes(4, "little")
    return (round(value / 0.1) & 0xFFFFFF).to_bytes(3, "little") + b"\xff"  # mantissa x 10^-1


THERMOMETERS = ("environmental-sensing", "health-thermometer")


def probe(number: int, options: Options, rooms: Mapping[str, Room]) -> Probe:
    """From a unit of a scenario's radio. Raises ScenarioError."""
    kind = options.one("kind", str)
    if kind in LAYOUTS:
        return Beacon(number, kind, options, rooms)
    if kind in THERMOMETERS:
        return Thermometer(number, kind, options, rooms)
    raise options.error("kind", f"{kind} is none of {', '.join((*LAYOUTS, *THERMOMETERS))}")
