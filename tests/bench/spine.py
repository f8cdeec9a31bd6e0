"""What an observation costs on its way from the wire through the intake, with the recorders and without.

A sheep line runs at 300 an hour while two hundred carcasses hang in the chiller: ear tags in the lairage and
at stunning, hooks, cores and the air, as bytes, once to a gateway with all its recorders and once to one
without. In one mix the rail's scale talks in between all the while, in the other it is mute: then there are
half as many observations for as many records and ticks. The ticks of the clock and what the recorders hand to
a commit each second are counted in; the disk is not.
"""

from __future__ import annotations

import gc
import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from drivers.catalogue import DRIVERS
from drivers.contract import NANOSECONDS, Frame, Instant, Reject
from edge.intake import Intake
from edge.journal.block import Entry
from edge.journal.trail import Index
from edge.own_records import OwnRecords
from edge.recorders.commanded import Commanded
from edge.recorders.corrections import Corrections
from edge.recording import Recording
from edge.settings import Settings, load
from edge.wiring import holds, instruments, intaken, recorders
from simulators.days import sheep
from simulators.days.tape import PORT_OF_RADIO, Day, Said
from tests.days.playback import ADDRESS_BYTES, probes, wires
from tests.days.sites import SHEEP_LINE

HANGING: Final = 200
MEASURED: Final = 200
"""Animals that come behind those: forty minutes of the line."""

STRETCHES: Final = 20
"""Into which the forty minutes are cut; of each the least of several rounds counts, as what is above it is
the machine's."""

ROUNDS: Final = 3

SCALE: Final = "rail"
"""The port of the scale."""

BEGINS: Final = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)


class Nowhere:
    """A journal that keeps nothing."""

    def observe(self, _entry: Entry) -> bool:
        return True

    def roll(self, _at: Instant, _values: Sequence[tuple[str, float]]) -> None: ...

    def record(self, _kind: str, _at: Instant, _body: bytes, _trail: Index | None = None) -> None: ...


class Spine:
    """From the wire to the journal, which is nowhere."""

    def __init__(self, settings: Settings, *, recorded: bool) -> None:
        self._at = Instant(int(BEGINS.timestamp()) * NANOSECONDS)
        self._began = self._at
        own = OwnRecords(settings.gateway.id, settings.gateway.operator.name, lambda: self._at)
        own.attach(Nowhere())
        corrections = Corrections({})
        derived = recorders(settings, DRIVERS)
        others = (
            *(corrections, holds(settings, DRIVERS, derived), Commanded(), own.standing),
            instruments(settings, own.standing),
        )
        self._recording = Recording(
            [*derived, *others] if recorded else [],
            journal=Nowhere(),
            notice=own.noticed,
            amended=corrections.amended,
        )
        self._intake = Intake(
            intaken(settings, DRIVERS),
            journal=Nowhere(),
            now=lambda: self._at,
            alarms=own,
            offer=lambda _utc, _at: None,
            live=lambda _device, _body: None,
            lost=lambda _device, _at, _count: None,
            recorded=self._recording.observe,
            steady=lambda: self._at / NANOSECONDS,
        )
        self._wires = wires(settings)
        self._probes = probes(settings)

    @property
    def observed(self) -> int:
        return sum(state.observed for state in self._intake.devices.values())

    def hear(self, tape: Sequence[Said]) -> None:
        for said in tape:
            due = Instant(self._began + round(said.at * 1000) * (NANOSECONDS // 1000))
            while (second := self._at - self._at % NANOSECONDS + NANOSECONDS) <= due:
                self._at = Instant(second)
                self._tick()
            self._at = max(self._at, due)
            if said.port == PORT_OF_RADIO:
                self._in_the_air(said.data)
            else:
                self._wires[said.port].bring(said.data, self._at, self._intake)

    def _tick(self) -> None:
        self._intake.tick()
        self._recording.tick(self._at)
        self._recording.kept(self._recording.changed())

    def _in_the_air(self, data: bytes) -> None:
        name, news = self._probes[data[:ADDRESS_BYTES]]
        frame = Frame(data[ADDRESS_BYTES:])
        try:
            observations = news.of(frame, self._at, self._at / NANOSECONDS)
        except Reject as reject:
            self._intake.refuse(name, reject, frame)
        else:
            if observations:
                self._intake(name, observations, frame)


@contextmanager
def silenced(name: str) -> Iterator[None]:
    """Meanwhile this logger tells errors alone."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def with_and_without(folder: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds of CPU for each observation, by metric."""
    file = folder / "spine.yaml"
    file.write_text(SHEEP_LINE.format(folder=folder.resolve()), encoding="utf-8")
    settings = load(file, DRIVERS)
    day = Day(BEGINS)
    line = sheep.Line((sheep.Lot("6200000001", HANGING + MEASURED),), hooks=HANGING + MEASURED)
    sheep.play(day, line)
    since = line.stunning_at + HANGING * line.pace + line.to_scale + line.to_chiller
    ends = [since + MEASURED * line.pace * number / STRETCHES for number in range(STRETCHES + 1)]
    mute = [said for said in day.tape if said.port != SCALE]
    found: dict[str, float] = {}
    for mix, tape in (("", day.tape), ("_mute", mute)):
        before = [said for said in tape if said.at < since]
        stretches = [[said for said in tape if a <= said.at < b] for a, b in itertools.pairwise(ends)]
        without, recorded = _both(settings, before, stretches, rounds)
        found |= {f"spine{mix}": without, f"spine_recorded{mix}": recorded}
        found[f"recorders{mix}"] = recorded - without
    return found


def _both(
    settings: Settings, before: Sequence[Said], stretches: Sequence[Sequence[Said]], rounds: int
) -> tuple[float, float]:
    """Without recorders and with them, stretch by stretch in turn."""
    least_s = [[float("inf")] * len(stretches) for _ in range(2)]
    observed = 1
    for _ in range(rounds):
        with silenced("edge"):  # a journal that is nowhere knows no past
            spines = [Spine(settings, recorded=each) for each in (False, True)]
            for spine in spines:
                spine.hear(before)
            had = spines[0].observed
            gc.collect()
            gc.freeze()  # most of what stands is the tape, which no collector need go through
            for number, stretch in enumerate(stretches):
                for spine, least in zip(spines, least_s, strict=True):
                    least[number] = min(least[number], _cpu_s(spine, stretch))
            gc.unfreeze()
            observed = spines[0].observed - had
    without_s, recorded_s = map(sum, least_s)
    return without_s / observed * 1e6, recorded_s / observed * 1e6


def _cpu_s(spine: Spine, tape: Sequence[Said]) -> float:
    began = time.process_time()
    spine.hear(tape)
    return time.process_time() - began
