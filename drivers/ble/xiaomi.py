"""Xiaomi (小米, 米家) MiBeacon, versions 2 to 5, plain and sealed: thermometers, door magnets, buttons.

Service data of UUID FE95, low byte first::

    0 … 1     2 … 3   4         5 …                              to the end
    control   model   counter   address (6)   capability (1, 2)   objects, see mibeacon.py
                                if bit 4      if bit 5            if bit 6

    … -8      -7 … -5        -4 …         if bit 3, versions 4 and 5: AES-CCM, see seal.py
    objects   more counter   tag          nonce: address (last byte first), model, counter, more counter
                                          beside: 11

    control   bit 3 sealed    bit 4 address    bit 5 capability    bit 6 objects    bit 7 mesh
              bits 12-15 version
    capability: its bit 5 says that a second byte, on inputs and outputs, follows

The three bytes stand above the counter and carry it on: together they only grow. The counter alone, of a
plain frame, begins anew after 255. A frame without objects says nothing and is no fault. LYWSD02MMC of 2023
(model 2542) claims an address and has none; its seal says whose frame it is.

Refused: mesh and version 1, whose layout is another (``range``); what versions 2 and 3 seal, since it has no
tag that would show a wrong key (``checksum``). No value means "none"; the sensors measure -40 … 125 Cel.

Sources: iot.mi.com MiBeacon; Bluetooth-Devices/xiaomi-ble parser.py; ble_monitor xiaomi.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.mibeacon import QUANTITIES, objects
from drivers.ble.probe import SealedProbeOptions
from drivers.ble.readings import PERCENT, Span, within
from drivers.ble.seal import TAG, Seal, open_allowed, required
from drivers.contract import Frame, Instant, Number, Reading, Reason, Reject

UUID: Final = 0xFE95
HEAD: Final = 5
SEALED: Final = 1 << 3
ADDRESS: Final = 1 << 4
CAPABILITY: Final = 1 << 5
OBJECTS: Final = 1 << 6
MESH: Final = 1 << 7
INPUTS: Final = 1 << 5
"""Of the capability."""

OLDEST: Final = 2
OLDEST_SEALED: Final = 4
MORE_COUNTER: Final = 3
BESIDE: Final = b"\x11"
CLAIMS_AN_ADDRESS_IT_LACKS: Final = 0x2542

SPANS: Final = {
    "temperature": Span(-40.0, 125.0),
    "humidity": PERCENT,
    "battery": PERCENT,
    "illuminance": Span(0.0, 200_000.0),
}
"""What the sensors measure; the rest are states."""


class Said(NamedTuple):
    """objects: empty where there are none, and then no number either."""

    model: int
    objects: bytes
    number: Number | None


class Xiaomi:
    """A MiBeacon device, plain or sealed."""

    options: ClassVar[type[BaseModel]] = SealedProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: SealedProbeOptions, seal: Seal | None = None) -> None:
        self._options = options
        self._reverse = options.address_bytes[::-1]
        self._seal = seal

    def unlocked(self, key: str) -> Xiaomi:
        return Xiaomi(self._options, Seal(key))

    def quantities(self) -> Sequence[str]:
        return QUANTITIES

    def number(self, frame: Frame) -> Number | None:
        """The counter; of a sealed frame the whole one."""
        return self._said(frame).number

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Nothing for a frame without objects. Raises Reject: ``not_mine``, ``length``, ``range`` for mesh
        and version 1, ``checksum`` for a seal that does not hold or is not there."""
        said = self._said(frame)
        readings: dict[str, Reading] = {}
        for quantity, value in objects(said.model, said.objects):
            span = SPANS.get(quantity)
            reading = within(at, quantity, value, span) if span else Reading(at, quantity, value)
            readings.setdefault(quantity, reading)
        return tuple(readings.values())

    def _said(self, frame: Frame) -> Said:
        data = parse(frame.data).service.get(UUID)
        if data is None:
            raise Reject(Reason.NOT_MINE, "no MiBeacon data")
        if len(data) < HEAD:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes, the head alone has {HEAD}")
        control, model, counter = _low_first(data[:2]), _low_first(data[2:4]), data[4]
        version = control >> 12
        if control & MESH or version < OLDEST:
            raise Reject(Reason.RANGE, f"mesh, or version {version}, which have another layout")
        start = self._start(control, model, data)
        if not control & OBJECTS:
            return Said(model, b"", None)
        if not control & SEALED:
            open_allowed(self._seal)
            return Said(model, data[start:], Number(counter))
        if version < OLDEST_SEALED:
            raise Reject(Reason.CHECKSUM, f"sealed as version {version} does it, without a tag")
        return self._opened(model, data, start)

    def _start(self, control: int, model: int, data: bytes) -> int:
        """Where the objects begin, after whatever the control bits announce."""
        start = HEAD
        if control & ADDRESS:
            named = data[HEAD : HEAD + len(self._reverse)]
            if named == self._reverse:
                start += len(named)
            elif not (model == CLAIMS_AN_ADDRESS_IT_LACKS and control & SEALED):
                raise Reject(Reason.NOT_MINE, f"the frame names {named[::-1].hex(':')}")
        if control & CAPABILITY:
            capability = data[start : start + 1]
            start += 2 if capability and capability[0] & INPUTS else 1
        if start > len(data):
            raise Reject(Reason.LENGTH, f"{len(data)} bytes, {start} are announced")
        return start

    def _opened(self, model: int, data: bytes, start: int) -> Said:
        seal = required(self._seal)
        end = len(data) - MORE_COUNTER - TAG
        if end < start:
            raise Reject(Reason.LENGTH, f"{len(data) - start} bytes hold no counter and seal")
        more, tag = data[end:-TAG], data[-TAG:]
        nonce = self._reverse + data[2:HEAD] + more
        counter = _low_first(data[4:HEAD] + more)
        return Said(model, seal.opened(nonce, data[start:end] + tag, BESIDE), Number(counter, grows=True))


def _low_first(data: bytes) -> int:
    return int.from_bytes(data, "little")
