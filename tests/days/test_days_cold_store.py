"""A cold store whose door is left open: what is written of it, held to the truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.climate import RoomOptions
from simulators.days import store
from simulators.days.tape import Day
from tests.days.playback import Playback, final, of, programme, seconds

SETTINGS = """
gateway:
  id: dx-yidong-01
  operator: {name: 伊东羊业科技有限公司}
  site: {name: 东乡屠宰场, division: "622926"}
journal: {path: /nowhere/journal.db}
ports:
  scanner: {serial: /dev/ttyS1, baud: 9600}
  radio: {bluetooth: hci0}
places:
  cold-room-1: {kind: cold-room, name: 1号冷库, setpoint: 1.5}
devices:
  bench-scanner: {driver: scanner, port: scanner, place: cold-room-1}
  cold-room-1-air: {driver: ruuvi, port: radio, address: "C4:64:E3:00:00:21", every: 10s, place: cold-room-1}
  cold-room-1-door: {driver: teltonika, port: radio, address: "7C:D9:F4:00:00:22", place: cold-room-1}
alarms:
  warm: {points: [cold-room-1-air.temperature], above: 4.0, for: 10min, clear_below: 3.5, severity: high}
  door: {points: [cold-room-1-door.open], equals: true, for: 3min}
"""

BEGINS = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
MEASURED_EVERY_S = 10.0
RESOLUTION_C = 0.005

DAY = store.Store(
    RoomOptions(1.5, ambient=15.0, door_every=0, defrost_every=0, openings=((3600, 5100), (7200, 7260))),
    pallets=((600, 9000), (700, None)),
)
"""The door stands open for 25 minutes, and later for one, which is no alarm."""


@pytest.fixture(scope="module")
def day() -> Day:
    day = Day(BEGINS)
    store.play(day, DAY)
    return day


def alarm(records: list[dict[str, Any]], name: str) -> Mapping[str, Any]:
    (found,) = (record for record in final(records, "alarm") if record.get("name") == name)
    return found


def test_the_door_left_open_and_the_warmth_that_came_in_are_told_and_nothing_else(
    day: Day, tmp_path: Path
) -> None:
    playback = Playback(SETTINGS, BEGINS, tmp_path)
    records = playback.play(programme(day))
    assert playback.failures == playback.refused == {}
    assert len(final(records, "alarm")) == 2

    opened, closed, _, _ = of(day.truth, "door")
    door = alarm(records, "door")
    assert (door["state"], door["from"], door["to"]) == ("cleared", opened["t"], closed["t"])

    (warm,) = of(day.truth, "warm")
    air = list(of(day.truth, "air"))
    told = alarm(records, "warm")
    cool = next(line for line in air if line["t"] > warm["t"] and line["temperature"] <= 3.5)
    assert abs(seconds(told["from"]) - seconds(warm["t"])) <= MEASURED_EVERY_S
    assert abs(seconds(told["to"]) - seconds(cool["t"])) <= MEASURED_EVERY_S
    worst = max(line["temperature"] for line in air)
    assert abs(told["facts"]["worst"] - worst) <= RESOLUTION_C
