"""What is remembered of a carcass, and the record that it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.contract import NANOSECONDS, Instant
from edge.codes import ear_tag
from edge.instant import rfc3339
from edge.journal.trail import Link
from edge.recorders.contract import Derived
from edge.recorders.issuer import Issuer, spelt, subject
from edge.recorders.rooms import RoomBook, Span
from edge.recorders.slaughter_plan import Line
from edge.recorders.words import DERIVED, SETTINGS, Word, sensed
from edge.records.record import Climate, Origin
from edge.records.slaughter import (
    Chilled,
    Cleaned,
    Cut,
    Packed,
    SlaughterBasic,
    SlaughterExtended,
    SlaughterRecord,
)
from edge.records.words import Judged

QUANTITIES = ("temperature", "humidity")
"""Of a room's climate."""


@dataclass(slots=True)
class Seen:
    """A station saw it. value: a weight, kg, or a temperature, Cel."""

    at: int
    device: str
    value: float | None = None


@dataclass(slots=True)
class Stay:
    """It hangs in a room. by: the device that saw it come; "": the settings or a person say so."""

    place: str
    since: int
    until: int | None = None
    by: str = ""
    said: Word | None = None


@dataclass(slots=True)
class Carcass:
    """A row, by its number. id: of its record. at: the slaughter's instant, ns. animal: its tag, a node."""

    number: str
    id: str
    at: int
    animal: str | None = None
    lot: str | None = None
    certificate: str | None = None
    positions: int = 0
    stunned: Seen | None = None
    bound: Seen | None = None
    hooks: list[str] = field(default_factory=list)
    masses: dict[str, Seen] = field(default_factory=dict)
    cores: list[Seen] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    chilled: int | None = None
    basis: str | None = None
    verdicts: dict[str, Word] = field(default_factory=dict)
    cleaning: list[Word] = field(default_factory=list)
    cutting: Word | None = None
    disposal: Word | None = None
    packing: list[Word] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    revision: int = 0

    @property
    def node(self) -> str:
        return f"carcass:{self.number}"

    @property
    def hangs(self) -> Stay | None:
        """The stay that goes on."""
        return self.stays[-1] if self.stays and self.stays[-1].until is None else None

    @property
    def spans(self) -> list[Span]:
        """The stays that are over."""
        return [Span(stay.place, stay.since, stay.until) for stay in self.stays if stay.until is not None]

    @property
    def last(self) -> int:
        """The newest instant at which anything happened to it in a room, or its slaughter."""
        return max([self.at, *(stay.until or stay.since for stay in self.stays)])


def slaughter_record(carcass: Carcass, line: Line, issuer: Issuer, book: RoomBook) -> Derived:
    """Complete."""
    links = tuple(_links(carcass))
    climate = _climate(carcass, line, book)
    ended = carcass.stays and carcass.hangs is None
    record = SlaughterRecord(
        id=carcass.id,
        revision=max(carcass.revision, 1),
        operator=issuer.operator,
        since=_time(carcass.at),
        to=_time(carcass.last) if ended else None,
        place=carcass.stays[-1].place if carcass.stays else None,
        subjects=list(_subjects(carcass)),
        climate=climate,
        basic=_basic(carcass, issuer),
        extended=_extended(carcass, line, climate),
        source=_source(carcass),
        links=spelt(links),
    )
    return Derived(record, links)


def _time(at: int) -> str:
    return rfc3339(Instant(at))


def _basic(carcass: Carcass, issuer: Issuer) -> SlaughterBasic:
    judged = {
        stage: Judged.model_validate(word.said("result", "finding"))
        for stage, word in carcass.verdicts.items()
    }
    return SlaughterBasic(
        plant=issuer.site,
        carcass=carcass.number,
        animal=carcass.animal,
        slaughtered_at=_time(carcass.at),
        ante_mortem=judged.get("ante_mortem"),
        post_mortem=judged.get("post_mortem"),
        cleaning=[Cleaned.model_validate(word.said("place", "agent")) for word in carcass.cleaning],
        cutting=_told(Cut, carcass.cutting, "into", "mass_kg"),
    )


def _extended(carcass: Carcass, line: Line, climate: Mapping[str, Climate]) -> SlaughterExtended:
    """Its pieces are made where the whole is validated: of some hundreds an hour that is half the cost."""
    disposal = carcass.disposal
    return SlaughterExtended.model_validate(
        {
            "species": line.species,
            "lot": carcass.lot,
            "certificate": carcass.certificate,
            "county": _county(carcass.animal),
            "positions": carcass.positions,
            "process": list(_process(carcass)),
            "hot_weight_kg": _hot_weight(carcass),
            "core_temperature": carcass.cores[-1].value if carcass.cores else None,
            "rooms": list(_rooms(carcass)),
            "chilled": _chilled(carcass, line, climate),
            "disposal": None if disposal is None else disposal.said("method", "mass_kg"),
            "packing": [_told(Packed, word, "into", "count", "material") for word in carcass.packing],
            "doubts": carcass.doubts,
        }
    )


def _rooms(carcass: Carcass) -> Iterator[dict[str, Any]]:
    for stay in carcass.stays:
        until = None if stay.until is None else _time(stay.until)
        yield {"place": stay.place, "since": _time(stay.since), "to": until}


def _told(piece: Any, word: Word | None, *names: str) -> Any:
    """A piece that says when, and in the record's source by whom."""
    if word is None:
        return None
    said = word.said(*names)
    del said["by"]
    return piece.model_validate(said)


def _county(animal: str | None) -> str | None:
    scheme, _, value = (animal or "").partition(":")
    if scheme != ear_tag.SCHEME:
        return None
    try:
        return ear_tag.ear_tag(value).county
    except ear_tag.NotAnEarTag:
        return None


def _process(carcass: Carcass) -> Iterator[dict[str, Any]]:
    for name, seen in (("stunned", carcass.stunned), ("bound", carcass.bound)):
        if seen is not None:
            yield {"step": name, "at": _time(seen.at), "device": seen.device}
    for seen in carcass.masses.values():
        yield {"step": "weighed", "at": _time(seen.at), "device": seen.device, "mass_kg": seen.value}
    for seen in carcass.cores:
        yield {"step": "cored", "at": _time(seen.at), "device": seen.device, "temperature": seen.value}


def _hot_weight(carcass: Carcass) -> float | None:
    """Of all halves; one that was not weighed makes it unknown."""
    masses = [seen.value for seen in carcass.masses.values() if seen.value is not None]
    return round(sum(masses), 3) if masses and len(masses) >= len(carcass.hooks) else None


def _chilled(carcass: Carcass, line: Line, climate: Mapping[str, Climate]) -> Chilled | None:
    if carcass.chilled is None and not carcass.spans:
        return None
    air, at = climate.get("temperature"), carcass.chilled
    return Chilled.model_validate(
        {
            "limit": line.chilled_at,
            "at": None if at is None else _time(at),
            "hours": None if at is None else round((at - carcass.at) / NANOSECONDS / 3600, 2),
            "basis": carcass.basis,
            "continuous": None if air is None else not air.gaps and not air.beyond_s,
        }
    )


def _climate(carcass: Carcass, line: Line, book: RoomBook) -> dict[str, Climate]:
    spans = carcass.spans
    if not spans:
        return {}
    found = {quantity: book.climate(quantity, spans, line.every) for quantity in QUANTITIES}
    return {quantity: climate for quantity, climate in found.items() if climate is not None}


def _subjects(carcass: Carcass) -> Iterator[Any]:
    yield subject(carcass.node, "carcass")
    if carcass.animal is not None:
        yield subject(carcass.animal, "animal")
    for hook in carcass.hooks:
        yield subject(hook, "hook")
    if carcass.lot is not None:
        yield subject(f"lot:{carcass.lot}", "lot")
    if carcass.certificate is not None:
        yield subject(f"certificate:{carcass.certificate}", "certificate")


def _links(carcass: Carcass) -> Iterator[Link]:
    node = carcass.node
    if carcass.animal is not None:
        yield Link(carcass.animal, "became", node, Instant(carcass.at))
    elif carcass.lot is not None:
        yield Link(f"lot:{carcass.lot}", "became", node, Instant(carcass.at))
    for stay in carcass.stays:
        yield Link(node, "entered", f"place:{stay.place}", Instant(stay.since))
        if stay.until is not None:
            yield Link(node, "left", f"place:{stay.place}", Instant(stay.until))
    if carcass.cutting is not None:
        for part in carcass.cutting.values["into"]:
            yield Link(node, "became", part, Instant(carcass.cutting.at))
    for word in carcass.packing:
        yield Link(node, "packed", word.values["into"], Instant(word.at))


def _source(carcass: Carcass) -> dict[str, Origin]:
    source = {"basic.plant": SETTINGS, "basic.carcass": DERIVED}
    first = carcass.stunned or carcass.bound
    if first is not None:
        source["basic.slaughtered_at"] = source["extended.process"] = sensed(first.device)
    if carcass.animal is not None and carcass.stunned is not None:
        source["basic.animal"] = sensed(carcass.stunned.device) if not carcass.positions else DERIVED
    for stage, word in carcass.verdicts.items():
        source[f"basic.{stage}"] = word.origin
    said = {
        "basic.cleaning": carcass.cleaning[-1] if carcass.cleaning else None,
        "basic.cutting": carcass.cutting,
        "extended.disposal": carcass.disposal,
        "extended.packing": carcass.packing[-1] if carcass.packing else None,
    }
    source |= {path: word.origin for path, word in said.items() if word is not None}
    for weighed in carcass.masses.values():
        source["extended.hot_weight_kg"] = sensed(weighed.device)
    if carcass.cores:
        source["extended.core_temperature"] = sensed(carcass.cores[-1].device)
    for number, stay in enumerate(carcass.stays):
        origin = sensed(stay.by) if stay.by else SETTINGS if stay.said is None else stay.said.origin
        source[f"extended.rooms.{number}"] = origin
    if carcass.chilled is not None or carcass.spans:
        source["extended.chilled"] = DERIVED
    return source
