"""What is remembered of a lot and of an animal, and the record that it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.contract import Instant
from edge.codes import ear_tag
from edge.codes.divisions import division
from edge.instant import rfc3339
from edge.journal.trail import Link
from edge.recorders.contract import Derived
from edge.recorders.issuer import Issuer, spelt, subject
from edge.recorders.words import DERIVED, Word, sensed
from edge.records.arrival import ArrivalBasic, ArrivalExtended, ArrivalRecord
from edge.records.record import Origin
from edge.records.words import Disposed, Judged


@dataclass(slots=True)
class Lot:
    """A row. last: the newest animal's or certificate's instant. scanner: that read the certificate.

    id: of its record; it outlives a correction of the clock.
    """

    number: str
    place: str
    since: int
    last: int
    certificate: str | None = None
    scanner: str = ""
    said: Word | None = None
    counted: int = 0
    closed: bool = False
    miscounted: bool = False
    revision: int = 0
    verdict: Word | None = None
    id: str = ""

    @property
    def covers(self) -> Mapping[str, Any]:
        """What the certificate says besides its number, as far as somebody entered it."""
        return {} if self.said is None else self.said.values

    @property
    def node(self) -> str:
        return f"lot:{self.number}"


@dataclass(slots=True)
class Animal:
    """A row, by its tag. id: of its record. former: the tag before."""

    lot: str
    at: int
    device: str
    id: str
    doubts: list[str] = field(default_factory=list)
    revision: int = 0
    former: str | None = None
    verdict: Word | None = None
    disposal: Word | None = None


def animal_record(issuer: Issuer, tag: str, animal: Animal, lot: Lot) -> Derived:
    """Complete."""
    verdict = animal.verdict or lot.verdict
    links = _links(lot, Link(tag, "of", lot.node, Instant(animal.at)))
    if animal.former is not None:
        links = (*links, Link(animal.former, "replaced", tag, Instant(animal.at)))
    source = {"basic.arrived_at": sensed(animal.device), "basic.animal": sensed(animal.device)}
    source |= _certificate_source(lot)
    if verdict is not None:
        source["basic.ante_mortem"] = verdict.origin
    if animal.disposal is not None:
        source["extended.disposal"] = animal.disposal.origin
    record = ArrivalRecord(
        id=animal.id,
        revision=max(animal.revision, 1),
        operator=issuer.operator,
        since=rfc3339(Instant(animal.at)),
        place=lot.place,
        subjects=[subject(tag, "animal"), *_of_lot(lot)],
        basic=ArrivalBasic(
            arrived_at=rfc3339(Instant(animal.at)),
            animal=tag,
            certificate=lot.certificate,
            ante_mortem=None if verdict is None else Judged.model_validate(verdict.said("result", "finding")),
        ),
        extended=ArrivalExtended(
            lot=lot.number,
            **_read(tag),
            origin=lot.covers.get("origin"),
            owner=lot.covers.get("owner"),
            former_animal=animal.former,
            doubts=animal.doubts,
            disposal=(
                None
                if animal.disposal is None
                else Disposed.model_validate(animal.disposal.said("method", "mass_kg"))
            ),
        ),
        source=source,
        links=spelt(links),
    )
    return Derived(record, links)


def lot_record(issuer: Issuer, lot: Lot) -> Derived:
    """How many came under the certificate."""
    since = rfc3339(Instant(lot.since))
    source = {"extended.animals": DERIVED} | _certificate_source(lot)
    if "animals" in lot.covers and lot.said is not None:
        source["extended.certified"] = lot.said.origin
    record = ArrivalRecord(
        id=lot.id or issuer.id("arrival", lot.node, lot.since),
        revision=lot.revision,
        operator=issuer.operator,
        since=since,
        to=rfc3339(Instant(lot.last)),
        place=lot.place,
        subjects=_of_lot(lot),
        basic=ArrivalBasic(arrived_at=since, certificate=lot.certificate),
        extended=ArrivalExtended(
            lot=lot.number,
            origin=lot.covers.get("origin"),
            owner=lot.covers.get("owner"),
            animals=lot.counted,
            certified=lot.covers.get("animals"),
        ),
        source=source,
        links=spelt(_links(lot)),
    )
    return Derived(record, _links(lot))


def _of_lot(lot: Lot) -> list[Any]:
    covered = [] if lot.certificate is None else [subject(f"certificate:{lot.certificate}", "certificate")]
    return [subject(lot.node, "lot"), *covered]


def _links(lot: Lot, *own: Link) -> tuple[Link, ...]:
    if lot.certificate is None:
        return own
    return (*own, Link(f"certificate:{lot.certificate}", "covers", lot.node, Instant(lot.since)))


def _certificate_source(lot: Lot) -> dict[str, Origin]:
    if lot.certificate is None:
        return {}
    if lot.scanner:
        return {"basic.certificate": sensed(lot.scanner)}
    return {} if lot.said is None else {"basic.certificate": lot.said.origin}


def _read(tag: str) -> dict[str, str | None]:
    """What an ear tag's number says."""
    scheme, _, value = tag.partition(":")
    if scheme != ear_tag.SCHEME:
        return {}
    try:
        read = ear_tag.ear_tag(value)
    except ear_tag.NotAnEarTag:
        return {}
    county = division(read.county)
    return {
        "species": read.species,
        "county": read.county,
        "county_name": None if county is None else county.full_name,
    }
