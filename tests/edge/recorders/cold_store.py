"""A morning in a cold store, as it truly was, and what its devices say of it.

A door stands open, a defrost runs, a probe falls silent, pallets go in and out. The truth is stated here in
seconds from ten o'clock at the site, and everything else follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from drivers.contract import NANOSECONDS, Code, Instant, Observation, Quality, Reading, Sighting
from edge.instant import parse_rfc3339
from edge.recorders.contract import Fact
from edge.recorders.issuer import Issuer
from edge.recorders.room import Room

TEN: Final = parse_rfc3339("2026-11-22T10:00:00+08:00")
BEGIN, END = 20 * 60, 3 * 3600 + 5
EVERY_S = 30

DOOR_OPEN: Final = [(600 + 1800, 2520), (4000, 4030), (7140, 7260)]
"""The second for half a minute, the third over twelve o'clock."""
DEFROST: Final = (5400, 6600)
SILENT: Final = (7800, 8700)
PALLETS: Final = [f"10690123400001{number:04}" for number in range(6)]
MOVES: Final = [(2410, 0), (2430, 1), (2450, 2), (4010, 3), (7150, 0), (7200, 2)]
"""Second and pallet; the first scan of one brings it in, the second takes it out."""

LIMIT = 4.0

ISSUER: Final = Issuer("dx-coldstore-01", "伊东羊业", "东乡冷库", ZoneInfo("Asia/Shanghai"))
ROOM: Final = Room(
    name="cold-room-1",
    place="cold-room-1",
    title="1号冷藏库",
    facility="丹佛斯机组",
    every=3600 * NANOSECONDS,
    series=300 * NANOSECONDS,
    probes={"temperature": ("air",), "humidity": ("climate",)},
    patience={"temperature": 90 * NANOSECONDS, "humidity": 180 * NANOSECONDS},
    limit=LIMIT,
    door=("door", "open"),
    defrost=("control", "defrost"),
    moves={"scanner": None},
    worker="马师傅",
    rooms=("cold-room-1", "freezer-1"),
)


class Said(NamedTuple):
    """What a device says."""

    device: str
    item: Observation


class Second(NamedTuple):
    """The clock ticks."""

    at: Instant


Event: TypeAlias = Said | Second | Fact


def at(second: float) -> Instant:
    return Instant(TEN + int(second * NANOSECONDS))


def during(second: float, span: tuple[int, int]) -> bool:
    return span[0] <= second < span[1]


def door_open(second: float) -> bool:
    return any(during(second, span) for span in DOOR_OPEN)


def temperature(second: float) -> float:
    """1.5 degrees; while a door stands open a degree more each 20 s, up to 9, and back as fast."""
    warm = 0.0
    for begin, end in DOOR_OPEN:
        if second >= begin:
            peak = min((min(second, end) - begin) / 20, 7.5)
            warm += max(peak - max(second - end, 0) / 20, 0.0)
    if during(second, DEFROST):
        warm += 2.0
    return round(1.5 + warm, 1)


def _second(second: int) -> Iterator[Event]:
    if second % EVERY_S == 0:
        silent = during(second, SILENT)
        if not silent:
            yield Said("air", Reading(at(second), "temperature", temperature(second)))
        elif second == SILENT[0] + 3 * EVERY_S:
            yield Said("air", Reading(at(second), "temperature", None, Quality.MISSING, "silent"))
    if second % 60 == 7:
        yield Said("climate", Reading(at(second), "humidity", 80.0 + second % 5))
        yield Said("control", Reading(at(second), "defrost", during(second, DEFROST)))
    if second % 60 == 0 or door_open(second) != door_open(second - 1):
        yield Said("door", Reading(at(second), "open", door_open(second)))
    for when, pallet in MOVES:
        if when == second:
            yield Said("scanner", Sighting(at(second), Code("sscc", PALLETS[pallet])))
    yield Second(at(second))


def morning() -> list[Event]:
    return list(chain.from_iterable(map(_second, range(BEGIN, END))))
