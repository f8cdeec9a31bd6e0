"""What the settings say of lairages and lines, as their recorders want it."""

from __future__ import annotations

import re

from drivers.contract import NANOSECONDS
from edge import settings as schema
from edge.journal.past import Past
from edge.recorders.arrival import Arrivals, Lairage
from edge.recorders.slaughter import Slaughter
from edge.recorders.slaughter_plan import Line, Probe, Room, Station, Weigh
from edge.settings import Settings
from edge.settings.records.fitting import lairage
from edge.wiring.issuer import issuer


def arrivals(settings: Settings) -> Arrivals | None:
    """None where there is no lairage."""
    entries = settings.records.arrival
    if not entries:
        return None
    lairages = [
        Lairage(
            lairage(name, each, settings.devices),
            each.readers,
            each.scanner,
            None if each.certificate is None else re.compile(each.certificate, re.ASCII),
            _ns(each.closes_after_s),
        )
        for name, each in entries.items()
    ]
    return Arrivals(lairages, issuer(settings), Past(settings.journal.path))


def slaughters(settings: Settings, arrived: Arrivals | None) -> list[Slaughter]:
    """One for each line."""
    past = Past(settings.journal.path)
    return [
        Slaughter(
            _line(name, line, settings),
            issuer(settings),
            past,
            None if arrived is None else arrived.arrived,
        )
        for name, line in settings.records.slaughter.items()
    ]


def _line(name: str, line: schema.Slaughter, settings: Settings) -> Line:
    hooks, core, weight = line.hooks, line.core, line.weight
    return Line(
        name=name,
        species=line.species,
        stations=[
            Station(
                step.reader,
                step.step,
                settings.devices[step.reader].place,
                (0, 0) if step.lag is None else _lag(step.lag),
                step.positions,
            )
            for step in line.line
        ],
        hooks=None if hooks.pattern is None else re.compile(hooks.pattern, re.ASCII),
        reused_after=_ns(hooks.reused_after_s),
        halves=None if hooks.halves_s is None else _ns(hooks.halves_s),
        number=line.number,
        flow=line.flow,
        chilled_at=line.limit,
        core=None
        if core is None
        else Probe(core.probe, _ns(core.within_s), core.settle.within, _ns(core.settle.for_s)),
        weigh=None
        if weight is None
        else Weigh(
            weight.scale,
            _ns(weight.within_s),
            None if weight.lag is None else _lag(weight.lag),
            weight.least_kg,
        ),
        rooms=[Room(room.place, room.climate, room.reference, room.limit) for room in line.rooms],
        hangs_in=line.hangs_in,
    )


def _ns(seconds: float) -> int:
    return round(seconds * NANOSECONDS)


def _lag(lag: tuple[float, float]) -> tuple[int, int]:
    return _ns(lag[0]), _ns(lag[1])
