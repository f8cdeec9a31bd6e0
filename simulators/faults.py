"""What can go wrong on a wire, switched while running.

========== ============================================ ==================== =========================
fault      what happens                                 where                options (default)
========== ============================================ ==================== =========================
silence    requests are eaten, nothing is said          every device; unit   rate (1.0)
noise      random bytes before, inside or after a       every device; unit   rate, where (any),
           message                                                           bytes (8, at most)
wrong_crc  the checksum does not fit                    rtu, tags (lines     rate
                                                        and gpsd have
                                                        none), nmea,
                                                        scale (with a
                                                        checksum); unit
wrong_unit the answer bears the next unit's number      rtu, tcp; unit       rate
late       the message comes this much too late         every device; unit   rate, ms (400)
split      the message comes in pieces with pauses      every device; unit   rate, pieces (3), ms (10)
frozen     the values stop; the same tag again and      every device; unit   -
           again; the same epoch again and again
sentinel   the error value of the kind: 0x8000, 0xFFFF, rtu, tcp, nmea,      channel (all)
           an error flag, silence, a void fix, a weight gpsd, scale; unit
           out of range
bounce     a contact that changed shows either level    rtu, tcp; unit       ms (300), channel
           for so long, look by look                                         (all)
illegal    exception 2 for these registers              rtu, tcp; unit       addresses (all)
echo       the adapter repeats what it is sent          rtu                  -
cut        the message's tail and its end get lost      barcode_scanner      rate
doubled    the message is sent twice                    barcode_scanner      rate
unplug     the serial port vanishes and comes back      every device         -
           anew; connections are reset and refused; the
           Bluetooth adapter is pulled out
damaged    a frame has lost its last byte               radio; unit          rate
replayed   beside the true frame an older one of the    radio; unit          rate
           same probe
spoofed    beside the true frame one with its address   radio; unit          rate
           and impossible values; of a probe with a key
           in the clear and under another key by turns
deaf       the adapter hears nothing and nothing says   radio                cure (scan: begun anew;
           so, until it is cured                                             power: off and on)
flood      strangers advertise                          radio                strangers (5000),
                                                                             per_second (1000)
no_bluez   bluetoothd is gone                           radio                -
no_bus     the dbus-daemon is gone                      radio                -
========== ============================================ ==================== =========================

Of a radio's unit, ``silence`` also breaks a connection, and ``frozen`` leaves advertisements that differ in
their RSSI alone. Radios have neither ``noise`` nor ``late`` nor ``split``.

``unit`` means that one unit of a bus alone can have it. ``rate`` is the share of messages that it hits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from simulators.options import Options

_RATE = frozenset({"rate"})

FAULTS: dict[str, frozenset[str]] = {
    "silence": _RATE,
    "noise": _RATE | {"where", "bytes"},
    "wrong_crc": _RATE,
    "wrong_unit": _RATE,
    "late": _RATE | {"ms"},
    "split": _RATE | {"pieces", "ms"},
    "frozen": frozenset(),
    "sentinel": frozenset({"channel"}),
    "bounce": frozenset({"ms", "channel"}),
    "illegal": frozenset({"addresses"}),
    "echo": frozenset(),
    "cut": _RATE,
    "doubled": _RATE,
    "unplug": frozenset(),
    "damaged": _RATE,
    "replayed": _RATE,
    "spoofed": _RATE,
    "deaf": frozenset({"cure"}),
    "flood": frozenset({"strangers", "per_second"}),
    "no_bluez": frozenset(),
    "no_bus": frozenset(),
}
"""The options of each fault."""

OF_THE_PORT = frozenset({"echo", "unplug", "deaf", "flood", "no_bluez", "no_bus"})
"""Faults that no single unit can have."""

OF_MESSAGES = frozenset({"silence", "noise", "late", "split"})
"""Faults that every message can have, whatever its protocol."""

MOST_STRANGERS = 0x10000
PLACES_OF_NOISE = ("before", "inside", "after")
CURES = ("scan", "power")
PAUSE_MS = {"late": 400, "split": 10, "bounce": 300}


@dataclass(frozen=True)
class Fault:
    """One fault, and how it shows."""

    name: str
    unit: int | None = None
    rate: float = 1.0
    where: str = "any"
    bytes: int = 8
    ms: int = 0
    pieces: int = 3
    channel: int | None = None
    addresses: frozenset[int] | None = None
    cure: str = "scan"
    strangers: int = 5000
    per_second: int = 1000

    @classmethod
    def read(cls, options: Options) -> Fault:
        """From ``{fault: …, unit: …, and its options}``. Raises ScenarioError."""
        name = options.one("fault", str)
        if name not in FAULTS:
            raise options.error("fault", f"{name} is none of {', '.join(FAULTS)}")
        if stray := options.unread() - FAULTS[name] - {"unit"}:
            raise options.error(stray.pop(), f"is no option of {name}")
        fault = cls(
            name=name,
            unit=options.one("unit", int, None),
            rate=options.one("rate", float, 1.0),
            where=options.one("where", str, "any"),
            bytes=options.one("bytes", int, 8),
            ms=options.one("ms", int, PAUSE_MS.get(name, 0)),
            pieces=options.one("pieces", int, 3),
            channel=options.one("channel", int, None),
            addresses=_addresses(options) if "addresses" in options else None,
            cure=options.one("cure", str, "scan"),
            strangers=options.one("strangers", int, 5000),
            per_second=options.one("per_second", int, 1000),
        )
        fault._check(options)
        return fault

    def _check(self, options: Options) -> None:
        if self.unit is not None and self.name in OF_THE_PORT:
            raise options.error("unit", f"{self.name} is a fault of the whole port")
        if not 0 < self.rate <= 1:
            raise options.error("rate", f"{self.rate} is not above 0 and at most 1")
        if self.where not in ("any", *PLACES_OF_NOISE):
            raise options.error("where", f"{self.where} is none of any, {', '.join(PLACES_OF_NOISE)}")
        if self.cure not in CURES:
            raise options.error("cure", f"{self.cure} is none of {', '.join(CURES)}")
        if not 1 <= self.strangers <= MOST_STRANGERS or self.per_second < 1:
            raise options.error("strangers", f"there can be 1 to {MOST_STRANGERS}, once a second at least")
        if self.bytes < 1 or self.pieces < 2 or self.ms < 0:
            raise options.error("fault", "bytes must be at least 1, pieces at least 2, ms not negative")

    def described(self) -> dict[str, object]:
        """What the truth says of it: its name, and what differs from the defaults."""
        changed = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != "name" and getattr(self, field.name) != field.default
        }
        if self.addresses is not None:
            changed["addresses"] = sorted(self.addresses)
        return {"fault": self.name, **changed}


def _addresses(options: Options) -> frozenset[int]:
    addresses = options.items("addresses")
    if not addresses or not all(type(address) is int for address in addresses):
        raise options.error("addresses", f"{addresses!r} is no list of register addresses")
    return frozenset(address for address in addresses if isinstance(address, int))


class Faults:
    """The faults that are on at one port."""

    def __init__(self) -> None:
        self._on: dict[tuple[str, int | None], Fault] = {}

    def __bool__(self) -> bool:
        return bool(self._on)

    def switch(self, fault: Fault, on: bool) -> None:
        """On or off, for the unit it names or for the port."""
        if on:
            self._on[fault.name, fault.unit] = fault
        else:
            self._on.pop((fault.name, fault.unit), None)

    def of(self, unit: int | None = None) -> dict[str, Fault]:
        """What a unit has, by name: its own faults before the port's."""
        whole = {name: fault for (name, of), fault in self._on.items() if of is None}
        own = {name: fault for (name, of), fault in self._on.items() if of is not None and of == unit}
        return whole | own

    def rolled(self, rng: random.Random, unit: int | None = None) -> dict[str, Fault]:
        """What hits the next message."""
        faults = self.of(unit).items()
        return {name: fault for name, fault in faults if fault.rate == 1.0 or rng.random() < fault.rate}


def touched(faults: Mapping[str, Fault]) -> dict[str, object]:
    """How the truth names the faults of a message."""
    late = {"late_ms": faults["late"].ms} if "late" in faults else {}
    return {"faults": sorted(faults), **late}


class Sending(NamedTuple):
    """A message as it goes onto the wire: pauses in seconds, each before its bytes."""

    pieces: tuple[tuple[float, bytes], ...]
    intact: bool


def spoil(
    message: bytes,
    faults: Mapping[str, Fault],
    damage: Mapping[str, Callable[[bytes], bytes]],
    rng: random.Random,
    resyncs: bool = True,
) -> Sending:
    """What these faults make of a message.

    damage: how the protocol spells ``wrong_crc``, ``wrong_unit`` and ``cut``. resyncs: whether a listener can
    find the message behind noise; on TCP it cannot.
    """
    if "silence" in faults:
        return Sending((), False)
    intact = True
    for name, change in damage.items():
        if name in faults:
            message, intact = change(message), False
    if noise := faults.get("noise"):
        message, unharmed = _noisy(message, noise, rng, resyncs)
        intact = intact and unharmed
    delay_s = faults["late"].ms / 1000 if "late" in faults else 0.0
    pieces = _split(message, faults["split"], rng) if "split" in faults else [(0.0, message)]
    return Sending(((pieces[0][0] + delay_s, pieces[0][1]), *pieces[1:]), intact)


def _noisy(message: bytes, fault: Fault, rng: random.Random, resyncs: bool) -> tuple[bytes, bool]:
    junk = rng.randbytes(rng.randint(1, fault.bytes))
    where = rng.choice(PLACES_OF_NOISE) if fault.where == "any" else fault.where
    if where == "before":
        return junk + message, resyncs
    if where == "after":
        return message + junk, True
    cut = rng.randrange(1, len(message))
    return message[:cut] + junk + message[cut:], False


def _split(message: bytes, fault: Fault, rng: random.Random) -> list[tuple[float, bytes]]:
    cuts = sorted(rng.sample(range(1, len(message)), min(fault.pieces, len(message)) - 1))
    ends = [*cuts, len(message)]
    return [
        (0.0 if start == 0 else fault.ms / 1000, message[start:end])
        for start, end in zip([0, *cuts], ends, strict=True)
    ]
