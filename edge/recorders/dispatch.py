"""销售/出场: goods that are scanned at a dock, or of which somebody says that they left.

::

    scan   6901234000047 (GLN)     the receiver of what is scanned within the next half hour
    scan   SSCC …                  a record: to whom, when, at what temperature
    fact   dispatch                a record; or what was scanned today gets its receiver: a further revision

Goods scanned again on the same day are the same goods, and no further record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from drivers.contract import NANOSECONDS, Code, Instant, Observation, Quality, Reading, Sighting
from edge.codes.goods import goods
from edge.instant import rfc3339
from edge.journal.trail import Link
from edge.recorders.contract import Derived, Fact, Output
from edge.recorders.issuer import Issuer, receiver_node, spelt, subject
from edge.recorders.memory import Memory, Table
from edge.recorders.origins import SETTINGS, said, sensed
from edge.recorders.room import Amount
from edge.records.dispatch import Conditions, DispatchBasic, DispatchExtended, DispatchRecord
from edge.records.record import Origin
from edge.records.storage import Quantity

RECEIVER_HOLDS: Final = 30 * 60 * NANOSECONDS
"""A receiver that was scanned is that of the goods behind it for so long."""

COMPLETED_LATE: Final = 86_400 * NANOSECONDS
"""For so long what was scanned can still be told its receiver."""

MEASURED: Final = 10 * 60 * NANOSECONDS
"""A reading of so long ago still tells what the goods were kept at."""

_LOCATION: Final = re.compile(r"\((?:410|414)\)([0-9]{13})")
"""Ship-to, or a location itself, in a GS1 code of several elements."""


class Dock(NamedTuple):
    """Where goods leave. probes: by quantity. carcass: what the numbers on carcass labels look like."""

    name: str
    place: str
    title: str
    scanner: str | None = None
    probes: Mapping[str, Sequence[str]] = {}
    carcass: re.Pattern[str] | None = None


@dataclass(slots=True)
class Scanned:
    """A row: the receiver whose location was scanned."""

    at: int
    receiver: str


@dataclass(slots=True)
class Measured:
    """A row: the newest value of a dock's quantity."""

    at: int
    device: str
    value: float


@dataclass(slots=True)
class Sent:
    """A row: goods that left, as their last record told it. source: by path, as the record has it.

    id: of the record; it outlives a correction of the clock.
    """

    at: int
    node: str
    dock: str = ""
    revision: int = 1
    receiver: str = ""
    amount: Amount = field(default_factory=lambda: Amount(1))
    measured: dict[str, Measured] = field(default_factory=dict)
    meat_certificate: str | None = None
    certification: str | None = None
    source: dict[str, dict[str, Any]] = field(default_factory=dict)
    id: str = ""

    def comes(self, path: str, origin: Origin) -> None:
        """The fact at ``path`` is known from there."""
        self.source[path] = origin.model_dump(exclude_none=True)


class Dispatch:
    """The recorder of all docks. receivers: by their location numbers, what people call them."""

    name = "dispatch"
    takes = frozenset({"dispatch"})

    def __init__(self, docks: Sequence[Dock], receivers: Mapping[str, str], issuer: Issuer) -> None:
        self._docks = {dock.name: dock for dock in docks}
        self._receivers = receivers
        self._issuer = issuer
        self._scanned = Table("receiver", Scanned)
        self._measured = Table("measured", Measured)
        self._sent = Table("sent", Sent)
        self.memory = Memory(self._scanned, self._measured, self._sent)
        self.hears = frozenset(device for dock in docks for device in _devices(dock))

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        for dock in self._docks.values():
            if isinstance(item, Sighting) and device == dock.scanner:
                yield from self._scan(dock, device, item)
            elif isinstance(item, Reading) and device in dock.probes.get(item.quantity, ()):
                self._measure(dock, device, item)

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Goods left, or what was scanned today is told its receiver, its quantity, its certificates."""
        values = fact.values
        sent = self._sent.get(values["subject"])
        if sent is None or sent.receiver not in ("", values["receiver"]):
            sent = Sent(fact.at, values["subject"], revision=0)
            sent.comes("basic.dispatched_at", said(fact))
        for name, path in _PATHS.items():
            if name in values and (name != "receiver" or values[name] != sent.receiver):
                sent.comes(path, said(fact))
        sent.revision += 1
        sent.receiver = values["receiver"]
        sent.amount = Amount(
            values.get("count", sent.amount.count), values.get("mass_kg", sent.amount.mass_kg)
        )
        sent.meat_certificate = values.get("meat_certificate", sent.meat_certificate)
        sent.certification = values.get("certification", sent.certification)
        return [self._told(sent)]

    def tick(self, at: Instant) -> Iterable[Output]:
        """Forgets what left long ago."""
        for node, sent in self._sent.items():
            if at - sent.at > COMPLETED_LATE:
                self._sent.drop(node)
        return ()

    def _measure(self, dock: Dock, device: str, item: Reading) -> None:
        if item.quality is Quality.GOOD and item.value is not None:
            measured = Measured(item.at, device, float(item.value))
            self._measured.put(f"{dock.name} {item.quantity}", measured)

    def _scan(self, dock: Dock, device: str, item: Sighting) -> Iterator[Derived]:
        location = _location(item.code)
        if location is not None:
            self._scanned.put(dock.name, Scanned(item.at, self._receivers.get(location, f"gln:{location}")))
            return
        node = goods(item.code, dock.carcass)
        if node is None or node in self._sent:
            return
        sent = Sent(item.at, node, dock.name)
        sent.comes("basic.dispatched_at", sensed([device]))
        sent.comes("extended.location", SETTINGS)
        scanned = self._scanned.get(dock.name)
        if scanned is not None and 0 <= item.at - scanned.at <= RECEIVER_HOLDS:
            sent.receiver = scanned.receiver
            sent.comes("basic.receiver", sensed([device]))
        for quantity in dock.probes:
            measured = self._measured.get(f"{dock.name} {quantity}")
            if measured is not None and item.at - measured.at <= MEASURED:
                sent.measured[quantity] = measured
                sent.comes(f"basic.conditions.{quantity}", sensed([measured.device]))
        yield self._told(sent)

    def _told(self, sent: Sent) -> Derived:
        at = Instant(sent.at)
        sent.id = sent.id or self._issuer.id("dispatch", sent.node, at)
        self._sent.put(sent.node, sent)
        dock = self._docks.get(sent.dock)
        links = [Link(sent.node, "left", f"place:{dock.place}", at)] if dock is not None else []
        if sent.receiver:
            links.append(Link(sent.node, "dispatched", receiver_node(sent.receiver), at))
        record = DispatchRecord(
            id=sent.id,
            revision=sent.revision,
            operator=self._issuer.operator,
            since=rfc3339(at),
            place=dock.place if dock is not None else None,
            subjects=[subject(sent.node, "goods")],
            basic=DispatchBasic(
                receiver=sent.receiver or None,
                dispatched_at=rfc3339(at),
                quantity=Quantity(**asdict(sent.amount)),
                conditions=_conditions(sent.measured),
            ),
            extended=DispatchExtended(
                meat_certificate=sent.meat_certificate,
                certification=sent.certification,
                location=dock.title if dock is not None else None,
            ),
            source={path: Origin.model_validate(origin) for path, origin in sent.source.items()},
            links=spelt(links),
        )
        return Derived(record, tuple(links))


_PATHS: Final = {
    "receiver": "basic.receiver",
    "count": "basic.quantity.count",
    "mass_kg": "basic.quantity.mass_kg",
    "meat_certificate": "extended.meat_certificate",
    "certification": "extended.certification",
}
"""Where the words of the fact stand in the record."""


def _devices(dock: Dock) -> Iterator[str]:
    if dock.scanner is not None:
        yield dock.scanner
    for devices in dock.probes.values():
        yield from devices


def _location(code: Code) -> str | None:
    if code.scheme == "gln":
        return code.value
    found = _LOCATION.search(code.value) if code.scheme == "gs1" else None
    return found[1] if found is not None else None


def _conditions(measured: Mapping[str, Measured]) -> Conditions | None:
    if not measured:
        return None
    values = {quantity: each.value for quantity, each in measured.items()}
    newest = max(each.at for each in measured.values())
    return Conditions(at=rfc3339(Instant(newest)), **values)
