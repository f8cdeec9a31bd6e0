"""Which animals came, under which certificate, in which lot.

::

    scanner   ──certificate A──────────────────certificate B────────
    readers   ─────── tag tag tag tag ─────────────────── tag tag ──
    lots            ╰───── lot 1 ─────╯               ╰─── lot 2 …

A lot ends with another certificate, or when for long no tag came. A certificate is scanned before its animals
are let in, or while they are: a lot that is open without one takes it. The same certificate again goes on
with its lot. What was slaughtered before is asked of the journal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from drivers.contract import NANOSECONDS, Instant, Observation, Sighting
from edge.alarms import Cause
from edge.codes import ear_tag
from edge.recorders.arrival_record import Animal, Lot, animal_record, lot_record
from edge.recorders.contract import Fact, Notice, Output, Unfit
from edge.recorders.issuer import Issuer, Past
from edge.recorders.memory import Memory, Table
from edge.recorders.words import word

REMEMBERED: Final = 14 * 86_400 * NANOSECONDS
"""A lot and its animals are remembered for so long after it closed; then the journal alone knows them."""

CERTIFICATE_SCHEMES: Final = frozenset({"text", "gs1"})
"""As a scanner says what it read and could not tell to be anything else."""


class Lairage(NamedTuple):
    """certificate: what a scanned certificate looks like; None: whatever is scanned is one. closes_after: a
    lot is complete when for so long no animal came, ns."""

    place: str
    readers: Sequence[str]
    scanner: str | None
    certificate: re.Pattern[str] | None
    closes_after: int


class Arrived(NamedTuple):
    """What is known of an animal that came. lot: without its scheme."""

    lot: str
    certificate: str | None
    at: Instant


class Arrivals:
    """The recorder of all lairages: a tag in two lots shows wherever the second one is."""

    name = "arrival"
    takes = frozenset({"certificate", "tag-replaced", "verdict", "disposal"})

    def __init__(self, lairages: Sequence[Lairage], issuer: Issuer, past: Past) -> None:
        self._issuer = issuer
        self._past = past
        self._lairages = {each.place: each for each in lairages}
        self._by_reader = {reader: each for each in lairages for reader in each.readers}
        self._by_scanner = {each.scanner: each for each in lairages if each.scanner is not None}
        self._lots = Table("lots", Lot)
        self._open = Table("open", str)
        self._animals = Table("animals", Animal)
        self._replaced = Table("replaced", str)
        self.memory = Memory(self._lots, self._open, self._animals, self._replaced)
        self.hears = frozenset({*self._by_reader, *self._by_scanner})

    def arrived(self, tag: str) -> Arrived | None:
        """What is known of the animal with this tag (a node); None: it was not seen at a lairage."""
        animal = self._animals.get(self._current(tag))
        if animal is None:
            return None
        return Arrived(animal.lot, self._lots[animal.lot].certificate, Instant(animal.at))

    def stands_for(self, tag: str) -> Iterator[str]:
        """What is held with the animal that wears this tag: other tags it wore, its lot, its certificate."""
        now = self._current(tag)
        animal = self._animals.get(now)
        if animal is not None:
            lot = self._lots[animal.lot]
            certificate = None if lot.certificate is None else f"certificate:{lot.certificate}"
            others = (now, animal.former, lot.node, certificate)
            yield from (each for each in others if each is not None and each != tag)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        if not isinstance(item, Sighting):
            return
        yield from self._complete(item.at)
        if lairage := self._by_reader.get(device):
            yield from self._animal(lairage, device, f"{item.code.scheme}:{item.code.value}", item.at)
        if (lairage := self._by_scanner.get(device)) and item.code.scheme in CERTIFICATE_SCHEMES:
            number = item.code.value.strip()
            if number and (lairage.certificate is None or lairage.certificate.fullmatch(number)):
                yield from self._certificate(lairage, number, item.at, device, None)

    def enter(self, fact: Fact) -> Iterable[Output]:
        values = fact.values
        match fact.kind:
            case "certificate":
                lairage = self._lairages.get(values["place"])
                if lairage is None:
                    raise Unfit("no_lairage", place=values["place"], known=", ".join(self._lairages))
                return [
                    *self._complete(fact.at),
                    *self._certificate(lairage, values["number"], fact.at, None, fact),
                ]
            case "tag-replaced":
                return self._replace(values["old"], values["new"])
        return self._say(fact)

    def tick(self, at: Instant) -> Iterable[Output]:
        return self._complete(at)

    def _current(self, tag: str) -> str:
        """The tag that the animal with this one wears now."""
        return self._replaced.get(tag) or tag

    def _complete(self, at: Instant) -> Iterator[Output]:
        """Closes the lots to which for long no animal came."""
        for place, number in sorted(self._open.items()):
            lot = self._lots[number]
            if at - lot.last >= self._lairages[place].closes_after:
                yield from self._close(lot)

    def _certificate(
        self, lairage: Lairage, number: str, at: Instant, device: str | None, fact: Fact | None
    ) -> Iterator[Output]:
        lot = self._of_certificate(lairage, number)
        standing = self._standing(lairage)
        if lot is None and standing is not None and standing.certificate is None:
            lot = standing
        if standing is not None and standing is not lot:
            yield from self._close(standing)
        if lot is None:
            lot = self._begin(lairage, at)
        self._open.put(lairage.place, lot.number)
        late = lot.certificate is None and lot.counted > 0
        lot.certificate, lot.closed, lot.last = number, False, max(lot.last, at)
        if fact is not None:
            lot.said = word(fact)
        else:
            lot.scanner = device or ""
        self._lots.put(lot.number, lot)
        if late:
            yield Notice(at, Cause.NO_CERTIFICATE, f"lot:{lot.number}", active=False)
            yield from self._again(lot)

    def _of_certificate(self, lairage: Lairage, number: str) -> Lot | None:
        lots = (lot for lot in self._lots.values() if lot.place == lairage.place)
        return next((lot for lot in lots if lot.certificate == number), None)

    def _standing(self, lairage: Lairage) -> Lot | None:
        number = self._open.get(lairage.place)
        return None if number is None else self._lots[number]

    def _begin(self, lairage: Lairage, at: Instant) -> Lot:
        self._forget(at)
        day = f"{self._issuer.local(at):%y%m%d}"
        serial = sum(lot.number.startswith(day) for lot in self._lots.values()) + 1
        lot = Lot(f"{day}-{serial:03}", lairage.place, at, at)
        lot.id = self._issuer.id("arrival", lot.node, at)
        self._lots.put(lot.number, lot)
        self._open.put(lairage.place, lot.number)
        return lot

    def _forget(self, at: Instant) -> None:
        old = {lot.number for lot in self._lots.values() if lot.closed and at - lot.last > REMEMBERED}
        for number in old:
            self._lots.drop(number)
        for tag, animal in self._animals.items() if old else ():
            if animal.lot in old:
                self._animals.drop(tag)
        for tag, now in self._replaced.items() if old else ():
            if now not in self._animals:
                self._replaced.drop(tag)

    def _animal(self, lairage: Lairage, device: str, seen: str, at: Instant) -> Iterator[Output]:
        tag = self._current(seen)
        lot = self._standing(lairage)
        known = self._animals.get(tag)
        if known is not None:
            yield from self._known(tag, known, lairage, lot, at)
            return
        if lot is None:
            lot = self._begin(lairage, at)
        animal = Animal(lot.number, at, device, self._issuer.id("arrival", tag, at), _doubts(tag, lot))
        animal.former = next((old for old, new in self._replaced.items() if new == tag), None)
        lot.counted, lot.last = lot.counted + 1, max(lot.last, at)
        self._lots.put(lot.number, lot)
        if lot.certificate is None and lot.counted == 1:
            yield Notice(at, Cause.NO_CERTIFICATE, f"lot:{lot.number}", {"place": lairage.place})
        if self._past.slaughtered(tag):
            animal.doubts.append("slaughtered")
            yield Notice(at, Cause.TAG_REUSED, tag, {"lot": lot.number, "device": device}, severity="high")
        yield self._told(tag, animal, lot)

    def _known(
        self, tag: str, animal: Animal, lairage: Lairage, lot: Lot | None, at: Instant
    ) -> Iterator[Output]:
        """Nothing new within its lot; in another one it is the animals of two lots that are mixed."""
        if lot is None or lot.number == animal.lot or "mixed" in animal.doubts:
            return
        animal.doubts.append("mixed")
        facts = {"lots": [animal.lot, lot.number], "place": lairage.place}
        yield Notice(at, Cause.MIXED_LOT, tag, facts, severity="high")
        yield self._told(tag, animal, self._lots[animal.lot])

    def _told(self, tag: str, animal: Animal, lot: Lot) -> Output:
        animal.revision += 1
        self._animals.put(tag, animal)
        return animal_record(self._issuer, tag, animal, lot)

    def _again(self, lot: Lot) -> Iterator[Output]:
        """Its animals, now that more is known of the lot."""
        its = sorted((animal.at, tag) for tag, animal in self._animals.items() if animal.lot == lot.number)
        for _, tag in its:
            animal = self._animals[tag]
            animal.doubts = [*_doubts(tag, lot), *(each for each in animal.doubts if each in _SEEN)]
            yield self._told(tag, animal, lot)

    def _close(self, lot: Lot) -> Iterator[Output]:
        """Counts it against the certificate."""
        self._open.drop(lot.place)
        lot.closed = True
        if lot.counted:
            lot.revision += 1
            yield lot_record(self._issuer, lot)
        self._lots.put(lot.number, lot)
        certified = lot.covers.get("animals")
        if certified is not None and (lot.counted != certified or lot.miscounted):
            facts = {"certificate": lot.certificate, "certified": certified, "counted": lot.counted}
            lot.miscounted = lot.counted != certified
            yield Notice(Instant(lot.last), Cause.MISCOUNT, f"lot:{lot.number}", facts, lot.miscounted)

    def _replace(self, old: str, new: str) -> Iterable[Output]:
        if new in self._animals:
            raise Unfit("tag_worn", tag=new)
        self._replaced.put(old, new)
        animal = self._animals.get(old)
        if animal is None:
            return []
        self._animals.drop(old)
        animal.former = old
        return [self._told(new, animal, self._lots[animal.lot])]

    def _say(self, fact: Fact) -> Iterable[Output]:
        """A verdict or a disposal of an animal, or a verdict on a lot."""
        about = fact.values["subject"]
        lot = self._lots.get(about.removeprefix("lot:")) if about.startswith("lot:") else None
        tag = self._current(about)
        animal = self._animals.get(tag)
        if lot is not None and fact.values.get("stage") == "ante_mortem":
            lot.verdict = word(fact)
            self._lots.put(lot.number, lot)
            return list(self._again(lot))
        if animal is None or fact.values.get("stage") == "post_mortem":
            raise Unfit("unknown_subject", subject=about)
        if fact.kind == "verdict":
            animal.verdict = word(fact)
        else:
            animal.disposal = word(fact)
        return [self._told(tag, animal, self._lots[animal.lot])]


_SEEN: Final = ("slaughtered", "mixed")
"""Doubts that were seen, and do not follow from the numbers."""


def _doubts(tag: str, lot: Lot) -> list[str]:
    scheme, _, value = tag.partition(":")
    if scheme != ear_tag.SCHEME:
        return []
    try:
        read = ear_tag.ear_tag(value)
    except ear_tag.NotAnEarTag:
        return ["form"]
    origin = lot.covers.get("origin")
    return [*read.doubts, *(["origin"] if origin is not None and origin != read.county else [])]
