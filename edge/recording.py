"""Where the recorders sit: what is observed and said is handed to those who want it, what they derive goes
into the journal together with what they remember.

::

    intake ──observation──▶ Recording ──▶ recorders ──record──▶ journal
    person ──fact────────▶                    └──────notice───▶ alarms
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVarTuple

from drivers.contract import Instant, Observation
from edge.alarms import Cause
from edge.instant import parse_rfc3339
from edge.journal.states import Row
from edge.journal.trail import Index
from edge.recorders.contract import Derived, Fact, Notice, Output, Recorder, Unfit
from edge.records.record import TradeRecord
from edge.restamping import Restamping

_Told = TypeVarTuple("_Told")

log = logging.getLogger(__name__)


class Store(Protocol):
    """The journal, as this room sees it."""

    def record(self, kind: str, at: Instant, body: bytes, trail: Index | None = None) -> None: ...


class Recording:
    """The recorders of this gateway, in the order in which they are told. Also the journal's ``States``.

    notice: what an alarm has to tell. amended: what people put right in a record stays right, see
    ``recorders/corrections.py``.
    """

    def __init__(
        self,
        recorders: Sequence[Recorder],
        *,
        journal: Store,
        notice: Callable[[Notice], None],
        amended: Callable[[Derived], Derived] = lambda derived: derived,
    ) -> None:
        self.recorders = recorders
        self.failures: Counter[str] = Counter()
        self._at = Instant(0)
        self._journal = journal
        self._notice = notice
        self._amended = amended
        self._leaving: list[Recorder] = []
        self._hearing = _hearing(recorders)

    def load(self, rows: Iterable[Row]) -> None:
        """What the recorders remembered; of one that is no longer there it stays in the journal."""
        _load(self.recorders, rows)

    def lacks(self, recorders: Iterable[Recorder]) -> bool:
        """Whether one of them was not among those before, so that ``change`` needs its rows."""
        return not {each.name for each in recorders} <= {each.name for each in self.recorders}

    def change(self, recorders: Sequence[Recorder], rows: Iterable[Row]) -> None:
        """From now on these. Each goes on where the one of its name stopped; one that was not among them
        before, where ``rows`` have it. What one that is no longer there remembers is still stored."""
        former = {each.name: each for each in self.recorders}
        _load([each for each in recorders if each.name not in former], rows)
        for each in recorders:
            before = former.pop(each.name, None)
            if before is not None and before is not each:
                each.memory.take_over(before.memory)
        self._leaving += former.values()
        self.recorders = recorders
        self._hearing = _hearing(recorders)

    def observe(self, device: str, observations: Sequence[Observation]) -> None:
        """Never raises."""
        for recorder in self._hearing.get(device, ()):
            for item in observations:
                self._run(recorder, item.at, recorder.observe, device, item)

    def tick(self, at: Instant) -> None:
        """Event time goes on. Never raises."""
        self._at = at
        for recorder in self.recorders:
            self._run(recorder, at, recorder.tick, at)

    def enter(self, fact: Fact) -> list[str]:
        """The ids of the records that follow from it, each once.

        Several recorders may take a kind of fact: two rooms, two lines. It is refused if one of them refuses
        it and no other makes a record of it. Raises Unfit.
        """
        takers = [recorder for recorder in self.recorders if fact.kind in recorder.takes]
        if not takers:
            raise Unfit("unknown_fact", kind=fact.kind, known=", ".join(sorted(self.takes)))
        outputs: list[Output] = []
        refusals: list[Unfit] = []
        for recorder in takers:
            refusal: Unfit | None = Unfit("failed", recorder=recorder.name)
            with self._rim(recorder, fact.at):
                try:
                    outputs += recorder.enter(fact)
                    refusal = None
                except Unfit as unfit:
                    refusal = unfit
            if refusal is not None:
                refusals.append(refusal)
        if refusals and not outputs:
            raise refusals[0]
        put = (self._put(output, fact.at) for output in outputs)
        return list(dict.fromkeys(record for record in put if record is not None))

    @property
    def takes(self) -> frozenset[str]:
        """The kinds of fact that somebody takes."""
        return frozenset[str]().union(*(recorder.takes for recorder in self.recorders))

    def issue(self, derived: Derived, at: Instant) -> None:
        """A record that no recorder derives now."""
        self._put(derived, at)

    def restamp(self, again: Restamping) -> None:
        """The time has become known: so that no timer fires early or late, all that is remembered moves."""
        for recorder in self.recorders:
            recorder.memory.restamp(again)

    def changed(self) -> Sequence[Row]:
        """See ``States``."""
        rows: list[Row] = []
        for each in (*self.recorders, *self._leaving):
            if not each.memory.is_kept:
                with self._rim(each, self._at):
                    rows += each.memory.changed(each.name)
        return rows

    def kept(self, rows: Sequence[Row]) -> None:
        """See ``States``."""
        for recorder in (*self.recorders, *self._leaving):
            if not recorder.memory.is_kept:
                recorder.memory.kept()
        self._leaving = [each for each in self._leaving if not each.memory.is_kept]

    def _run(
        self, recorder: Recorder, at: Instant, work: Callable[[*_Told], Iterable[Output]], *told: *_Told
    ) -> None:
        try:
            for output in work(*told):
                self._put(output, at)
        except Exception as defect:  # noqa: BLE001 - the rim; a context manager costs more than the work
            self._failed(recorder, at, defect)

    @contextmanager
    def _rim(self, recorder: Recorder, at: Instant) -> Iterator[None]:
        try:
            yield
        except Exception as defect:  # noqa: BLE001 - the rim
            self._failed(recorder, at, defect)

    def _failed(self, recorder: Recorder, at: Instant, defect: Exception) -> None:
        """What is wrong with one recorder ends neither the readings nor the other recorders. What was
        observed stands in the journal all the same."""
        self.failures[recorder.name] += 1
        level = logging.ERROR if self.failures[recorder.name] == 1 else logging.DEBUG
        log.log(level, "recorder %s failed; what it was told is lost to it", recorder.name, exc_info=defect)
        self._notice(Notice(at, Cause.DEFECT, recorder.name, detail=f"{type(defect).__name__}: {defect}"))

    def _put(self, output: Output, at: Instant) -> str | None:
        if isinstance(output, Notice):
            self._notice(output)
            return None
        output = self._amended(output)
        record = output.record
        self._journal.record(record.kind, at, record.encoded(), _index(output))
        return record.id


def _index(derived: Derived) -> Index:
    record = derived.record
    since = parse_rfc3339(record.since)
    place, nodes = None, derived.nodes
    if isinstance(record, TradeRecord):
        place = record.place
        nodes += tuple(subject.node for subject in record.subjects)
    until = parse_rfc3339(record.to) if record.to else since
    return Index(record.id, record.revision, since, until, place, nodes, derived.links)


def _hearing(recorders: Iterable[Recorder]) -> defaultdict[str, list[Recorder]]:
    hearing: defaultdict[str, list[Recorder]] = defaultdict(list)
    for recorder in recorders:
        for device in recorder.hears:
            hearing[device].append(recorder)
    return hearing


def _load(recorders: Iterable[Recorder], rows: Iterable[Row]) -> None:
    by_recorder: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_recorder[row.recorder].append(row)
    for recorder in recorders:
        recorder.memory.load(by_recorder[recorder.name])
