"""Plays events to a recorder, and cuts its power: only the rows that were on disk come back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from edge.journal.states import Row
from edge.recorders.contract import Derived, Fact, Output, Recorder
from tests.edge.recorders.cold_store import Event, Said


def told(recorder: Recorder, event: Event) -> Iterable[Output]:
    if isinstance(event, Said):
        return recorder.observe(event.device, event.item)
    return recorder.enter(event) if isinstance(event, Fact) else recorder.tick(event.at)


def bodies(outputs: Iterable[Output]) -> list[dict[str, Any]]:
    return [output.record.body() for output in outputs if isinstance(output, Derived)]


def play(
    make: Callable[[], Recorder], events: Sequence[Event], cuts: Collection[int] = ()
) -> list[dict[str, Any]]:
    """The records that follow; before each event whose number is in ``cuts`` the power goes."""
    recorder, disk = make(), dict[tuple[str, str], Row]()
    found: list[dict[str, Any]] = []
    for number, event in enumerate(events):
        if number in cuts:
            for row in recorder.memory.changed(recorder.name):
                disk[row.recorder, row.key] = row
            recorder = make()
            recorder.memory.load(disk.values())
        found += bodies(told(recorder, event))
    return found
