"""BTHome version 2: the open format of many makers (Shelly BLU, b-parasite, pvvx's firmware for Xiaomi).

Service data of UUID FCD2::

    0      1 …                     plain
    info   object object ...

    0      1 …      -8    -4       sealed: AES-CCM, see seal.py
    info   objects  count  tag     nonce: address, D2 FC, info, count; count (uint32, low byte first) grows

    info   bit 0     sealed
           bit 1     the address (6, last byte first) follows
           bit 2     speaks when something happens, not at a fixed pace
           bits 5-7  version: 2

An object is its id and a number, low byte first, whose length and scale the id gives::

    00 packet id (1): another one is news                  01 battery (1) %
    02 temperature (s2) 0.01   45 (s2) 0.1   57 (s1) 1   58 (s1) 0.35 Cel
    03 humidity (2) 0.01       2E (1) 1 %                  04 pressure (3) 0.01 hPa
    05 illuminance (3) 0.01 lx                             06 mass (2) 0.01 kg   07 0.01 lb
    08 dew point (s2) 0.01 Cel                             0C voltage (2) 0.001 V
    12 CO2 (2) ppm                                         15 battery low (1)
    11 opening, 1A door, 1B garage door, 2D window (1): 1 open
    21 motion, 22 moving (1)
    3A button (1): 0 none, 1 once, 2 twice, 3 three times, 4 long
    3B command: number of its arguments (1), what (1), arguments   53 text, 54 raw: length (1), bytes

No value means "none"; the format has no range of its own, the gateway's bounds hold. The voltage in mV is
that of the battery. What else the table has is passed over. Of several objects of one quantity the *first*
counts, and of buttons the first that was pressed: ids come in rising order, so that a probe's finest value is
first, and a second sensor never takes the name of the first. An id that is unknown, or an object cut short,
ends the reading, since all lengths after it are unknown; what stood before it holds.

Sources: bthome.io/format, bthome.io/encryption; Bluetooth-Devices/bthome-ble src/bthome_ble/const.py and
parser.py, from which also comes: no plain frame once there is a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import SealedProbeOptions
from drivers.ble.readings import hold_address
from drivers.ble.seal import TAG, Seal, open_allowed, required
from drivers.contract import Frame, Instant, Number, Reading, Reason, Reject

UUID: Final = 0xFCD2
VERSION: Final = 2
SEALED: Final = 1 << 0
ADDRESS: Final = 1 << 1
COUNTER: Final = 4

PACKET_ID: Final = 0x00
BUTTON: Final = 0x3A
COMMAND: Final = 0x3B
LENGTH_FIRST: Final = (0x53, 0x54)

KG_IN_A_POUND: Final = 0.45359237


class Measurement(NamedTuple):
    """An object that is a number. size: in bytes."""

    quantity: str
    size: int
    factor: float
    signed: bool = False


MEASUREMENTS: Final = {
    0x01: Measurement("battery", 1, 1),
    0x02: Measurement("temperature", 2, 0.01, signed=True),
    0x03: Measurement("humidity", 2, 0.01),
    0x04: Measurement("pressure", 3, 0.01),
    0x05: Measurement("illuminance", 3, 0.01),
    0x06: Measurement("mass", 2, 0.01),
    0x07: Measurement("mass", 2, 0.01 * KG_IN_A_POUND),
    0x08: Measurement("dew_point", 2, 0.01, signed=True),
    0x0C: Measurement("battery_voltage", 2, 0.001),
    0x12: Measurement("co2", 2, 1),
    0x2E: Measurement("humidity", 1, 1),
    0x45: Measurement("temperature", 2, 0.1, signed=True),
    0x57: Measurement("temperature", 1, 1, signed=True),
    0x58: Measurement("temperature", 1, 0.35, signed=True),
}

STATES: Final = {
    0x11: "open",
    0x15: "battery_low",
    0x1A: "open",
    0x1B: "open",
    0x21: "motion",
    0x22: "motion",
    0x2D: "open",
}

PRESSES: Final = range(1, 5)
"""Longer and held ones have no name of ours."""

_OTHERS: Final = {
    1: (
        *(PACKET_ID, 0x09, 0x0F, 0x10, *range(0x16, 0x1A), *range(0x1C, 0x21), *range(0x23, 0x2D)),
        *(0x2F, BUTTON, 0x46, 0x59, 0x60, 0x64, 0x65),
    ),
    2: (
        *(0x0D, 0x0E, 0x13, 0x14, 0x3C, 0x3D, *range(0x3F, 0x42), 0x43, 0x44, *range(0x47, 0x4B)),
        *(0x51, 0x52, 0x56, 0x5A, 0x5D, 0x5E, 0x5F, 0x61, 0xF0),
    ),
    3: (0x0A, 0x0B, 0x42, 0x4B, 0xF2),
    4: (0x3E, *range(0x4C, 0x51), 0x55, 0x5B, 0x5C, 0x62, 0x63, 0xF1),
}
"""The rest of the table by size."""

SIZES: Final = (
    {kind: size for size, kinds in _OTHERS.items() for kind in kinds}
    | {kind: measurement.size for kind, measurement in MEASUREMENTS.items()}
    | dict.fromkeys(STATES, 1)
)
"""Bytes of each object's number."""

QUANTITIES: Final = tuple(
    dict.fromkeys([*(each.quantity for each in MEASUREMENTS.values()), *STATES.values(), "button"])
)

_DIGITS: Final = 6
"""Behind the point; takes back what a binary factor adds."""


class Object(NamedTuple):
    """kind: its id. data: its bytes."""

    kind: int
    data: bytes


class Said(NamedTuple):
    """What a frame says. counter: of a sealed one."""

    objects: Sequence[Object]
    counter: int | None


class BTHome:
    """A BTHome probe, plain or sealed."""

    options: ClassVar[type[BaseModel]] = SealedProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: SealedProbeOptions, seal: Seal | None = None) -> None:
        self._options = options
        self._address = options.address_bytes
        self._seal = seal

    def unlocked(self, key: str) -> BTHome:
        return BTHome(self._options, Seal(key))

    def quantities(self) -> Sequence[str]:
        return QUANTITIES

    def number(self, frame: Frame) -> Number | None:
        """The counter of a sealed frame, else the packet id."""
        said = self._said(frame)
        if said.counter is not None:
            return Number(said.counter, grows=True)
        return next((Number(each.data[0]) for each in said.objects if each.kind == PACKET_ID), None)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine``, ``length``, ``range`` for another version or nothing but what is
        unknown, ``checksum`` for a seal that does not hold or is not there."""
        readings: dict[str, Reading] = {}
        for reading in _readings(self._said(frame).objects, at):
            readings.setdefault(reading.quantity, reading)
        return tuple(readings.values())

    def _said(self, frame: Frame) -> Said:
        data = parse(frame.data).service.get(UUID)
        if data is None:
            raise Reject(Reason.NOT_MINE, "no BTHome data")
        if not data:
            raise Reject(Reason.LENGTH, "no device information")
        info, start = data[0], 1
        if info >> 5 != VERSION:
            raise Reject(Reason.RANGE, f"BTHome version {info >> 5}, only {VERSION} is known")
        if info & ADDRESS:
            start += len(self._address)
            hold_address(data[1:start][::-1], self._address)
        if info & SEALED:
            return self._opened(data[:1], data[start:])
        open_allowed(self._seal)
        return Said(_objects(data[start:]), None)

    def _opened(self, info: bytes, data: bytes) -> Said:
        seal = required(self._seal)
        if len(data) < COUNTER + TAG:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes hold no counter and seal")
        sealed, counter, tag = data[: -COUNTER - TAG], data[-COUNTER - TAG : -TAG], data[-TAG:]
        nonce = self._address + UUID.to_bytes(2, "little") + info + counter
        return Said(_objects(seal.opened(nonce, sealed + tag)), int.from_bytes(counter, "little"))


def _objects(payload: bytes) -> Sequence[Object]:
    found: list[Object] = []
    at = 0
    while at < len(payload):
        kind = payload[at]
        end = _end(payload, at)
        if end is None or end > len(payload):
            if found:
                break
            raise Reject(Reason.LENGTH if end else Reason.RANGE, f"object {kind:02X} is unknown or cut short")
        found.append(Object(kind, payload[at + 1 : end]))
        at = end
    return found


def _end(payload: bytes, at: int) -> int | None:
    """Where the object that begins at ``at`` ends; None: unknown."""
    kind = payload[at]
    if kind in SIZES:
        return at + 1 + SIZES[kind]
    counted = payload[at + 1] if at + 1 < len(payload) else 0
    if kind in LENGTH_FIRST:
        return at + 2 + counted
    return at + 3 + counted if kind == COMMAND else None


def _readings(objects: Sequence[Object], at: Instant) -> Iterable[Reading]:
    for kind, data in objects:
        if measurement := MEASUREMENTS.get(kind):
            raw = int.from_bytes(data, "little", signed=measurement.signed)
            yield Reading(at, measurement.quantity, round(raw * measurement.factor, _DIGITS))
        elif kind in STATES:
            yield Reading(at, STATES[kind], bool(data[0]))
        elif kind == BUTTON and data[0] in PRESSES:
            yield Reading(at, "button", data[0])
