"""The whole gateway through boots whose clocks lie, in virtual time, held against the truth."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from drivers.contract import Fix, Frame, Instant, Reading
from edge import gateway
from edge.gateway import Gateway
from edge.instant import parse_rfc3339
from tests.edge.test_clock import DAY, HOUR, SECOND, TRUTH, FakeMachine
from tests.faults.rig import journalled

WITHIN = 2 * SECOND
HOLD = 15 * 60


class World:
    """Where and when it truly is. truths: of each reading, by its value; raised: of the alarm."""

    def __init__(self, folder: Path, **clock: Any) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.machine = FakeMachine()
        self.truth = TRUTH
        self.truths: dict[float, int] = {}
        data = {
            "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡冷库"}},
            "clock": clock,
            "journal": {"path": str(folder / "journal.db")},
            "ports": {"panel": {"tcp": "127.0.0.1:9"}, "gps": {"tcp": "127.0.0.1:10"}},
            "places": {"room": {"kind": "cold-room"}},
            "devices": {
                "air": {
                    "driver": "modbus", "port": "panel", "profile": "pt100-8", "unit": 1, "channel": 1,
                    "place": "room", "every": "10s",
                },
                "gps": {"driver": "nmea", "port": "gps"},
            },
            "alarms": {"warm": {"points": ["air.temperature"], "above": 4.0, "for": "10min"}},
            "records": {"storage": {"room": {"place": "room", "climate": ["air"], "every": "1h"}}},
        }  # fmt: skip
        self.path = folder / "site.yaml"
        self.path.write_text(yaml.safe_dump(data, allow_unicode=True))

    @asynccontextmanager
    async def boot(self, name: str, error: int = 0, *, again: bool = False) -> AsyncIterator[Life]:
        """A life of the gateway. error: of the system clock. again: in the boot that is."""
        if not again:
            self.machine = FakeMachine(error, name=name, up=20 * SECOND)
            self.machine.truth = self.truth
        one = await Gateway.open(gateway.load(self.path), self.machine)
        try:
            yield Life(self, one)
        finally:
            one.own.event("stopped", {})
            await one.journal.close()
            self.truth = self.machine.truth

    def off(self, seconds: float) -> None:
        """Without power."""
        self.truth += int(seconds * SECOND)

    def blocks(self, lane: str) -> list[dict[str, Any]]:
        return [
            orjson.loads(body)
            for (name, _), body in journalled(self.folder / "journal.db").items()
            if name == lane
        ]

    def records(self, kind: str) -> list[dict[str, Any]]:
        """In their order."""
        return [block["record"] for block in self.blocks("records") if block["record"]["kind"] == kind]

    def corrections(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By boot and clock: what to add to its stamps, at the least and at the most."""
        found = {}
        for record in self.records("gateway"):
            if record["event"] == "clock":
                facts = record["facts"]
                shift = facts["shift_s"]
                least, most = shift if isinstance(shift, list) else (shift, shift)
                found[facts["boot"], facts["was"]] = (round(least * 1000) * 10**6, round(most * 1000) * 10**6)
        return found

    def stamped(self) -> dict[float, tuple[int, int, str]]:
        """By its value, of each reading, when it can have been, and how the time was known."""
        corrections, found = self.corrections(), {}
        for block in self.blocks("telemetry"):
            least, most = corrections.get((block["boot"], block["clock"]), (0, 0))
            for entry in block["observations"]:
                if entry.get("temperature") is not None:
                    at = parse_rfc3339(entry["t"])
                    found[entry["temperature"]] = (at + least, at + most, block["clock"])
        return found

    def judged(self) -> None:
        """Every reading is there, ``seq`` has no hole, each stamp is true or its interval holds it."""
        stamped = self.stamped()
        assert stamped.keys() == self.truths.keys()
        for value, truth in self.truths.items():
            least, most, _ = stamped[value]
            assert least - WITHIN < truth < most + WITHIN, (
                value,
                (least - truth) / SECOND,
                (most - truth) / SECOND,
            )
        for lane in ("records", "telemetry"):
            blocks = self.blocks(lane)
            assert [block["seq"] for block in blocks] == list(range(1, len(blocks) + 1))


class Life:
    """A gateway that a test plays to, second by second."""

    def __init__(self, world: World, one: Gateway) -> None:
        self.world = world
        self.machine = world.machine
        self.one = one

    async def goes_on(
        self, seconds: int, *, warm: bool = False, gps: int | None = None, every: int = 10
    ) -> None:
        """Readings each ten seconds. gps: a receiver that is so far from the truth."""
        for second in range(seconds):
            self.machine.passes(1)
            if second % every == 0:
                self._reads(warm)
            if gps is not None:
                fix = Fix(self.one.clock.now(), 35.6, 103.3, utc=Instant(self.machine.truth + gps))
                self.one.intake("gps", [fix], Frame(b""))
            await self.one.reckoning.check()
            self.one.intake.tick()
            self.one.recording.tick(self.one.clock.now())
            if second % 60 == 0:
                await self.one.journal.flush()
        await self.one.journal.flush()

    async def drives(self, seconds: int, *, away: bool) -> None:
        for _ in range(seconds // 10):
            lat = 35.9 if away else 35.6
            fix = Fix(self.one.clock.now(), lat, 103.3, speed=0.0 if not away else 14.0)
            self.one.intake("gps", [fix], Frame(b""))
            await self.goes_on(10)

    def learns(self) -> None:
        """NTP is there."""
        self.machine.error, self.machine.synchronised = 0, SECOND // 100

    def _reads(self, warm: bool) -> None:
        value = (5.0 if warm else -20.0) + len(self.world.truths) / 10_000
        self.world.truths[round(value, 4)] = self.machine.truth
        self.one.intake("air", [Reading(self.one.clock.now(), "temperature", round(value, 4))], Frame(b""))


BOOTS = {"1970": -TRUTH, "40 days ago": -40 * DAY, "2106": 80 * 365 * DAY, "a year ahead": 365 * DAY}


@pytest.mark.parametrize("error", BOOTS.values(), ids=list(BOOTS))
async def test_what_was_held_is_released_with_true_stamps(tmp_path: Path, error: int) -> None:
    world = World(tmp_path)
    async with world.boot("one", error) as life:
        await life.goes_on(600)
        assert not world.blocks("telemetry")
        assert not world.blocks("records")
        life.learns()
        await life.goes_on(60)
        assert len(world.stamped()) == len(world.truths)
    world.judged()
    assert {clock for _, _, clock in world.stamped().values()} == {"ntp"}
    assert all(least == most for least, most, _ in world.stamped().values())


async def test_a_receiver_is_believed_and_releases_likewise(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(300)
        await life.goes_on(60, gps=-SECOND // 2)
    world.judged()
    assert {clock for _, _, clock in world.stamped().values()} == {"gnss"}


async def test_what_waited_long_enough_is_sealed_as_it_is_and_corrected_later(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(HOLD + 700, warm=True)
        before = {
            (block["lane"], block["seq"]): block
            for lane in ("records", "telemetry")
            for block in world.blocks(lane)
        }
        assert {block["clock"] for block in before.values()} == {"unsynced"}
        assert [each.cause for each in life.one.own.standing.active if each.subject == "clock"] == [
            "clock_unknown"
        ]
        life.learns()
        await life.goes_on(60, warm=True)
        assert not [each for each in life.one.own.standing.active if each.subject == "clock"]
    world.judged()
    after = {
        (block["lane"], block["seq"]): block
        for lane in ("records", "telemetry")
        for block in world.blocks(lane)
    }
    assert {key: after[key] for key in before} == before
    alarms = [record for record in world.records("alarm") if record["cause"] == "limit"]
    assert [record["revision"] for record in alarms] == [1, 2]
    assert abs(parse_rfc3339(alarms[-1]["from"]) - world.truths[5.0]) < WITHIN
    started = [record for record in world.records("gateway") if record["event"] == "started"]
    assert [record["revision"] for record in started] == [1, 2]
    assert abs(parse_rfc3339(started[-1]["from"]) - TRUTH) < WITHIN


@pytest.mark.parametrize("known_after_s", [300, HOLD + 300])
async def test_no_timer_fires_early_or_late_however_the_time_becomes_known(
    tmp_path: Path, known_after_s: int
) -> None:
    """An alarm after ten minutes of warmth is raised after ten minutes of warmth."""
    world = World(tmp_path)
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(known_after_s)
        await life.goes_on(300, warm=True)
        life.learns()
        warm = min(truth for value, truth in world.truths.items() if value > 0)
        await life.goes_on(290, warm=True)
        assert not [each for each in life.one.own.standing.active if each.cause == "limit"]
        await life.goes_on(30, warm=True)
        (limit,) = (each for each in life.one.own.standing.active if each.cause == "limit")
        assert abs(parse_rfc3339(limit.since) - warm) < WITHIN
        assert abs(parse_rfc3339(limit.facts["raised"]) - warm - 600 * SECOND) < 10 * SECOND
    world.judged()


async def test_the_storage_record_of_an_hour_begun_unsynced_tells_the_true_hour(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(600)
        life.learns()
        await life.goes_on(2 * 3600, every=60)
    first = next(record for record in world.records("storage") if record.get("climate"))
    assert abs(parse_rfc3339(first["from"]) - TRUTH) < WITHIN
    assert parse_rfc3339(first["to"]) % HOUR == 0
    climate = first["climate"]["temperature"]
    inside = [truth for truth in world.truths.values() if truth < parse_rfc3339(first["to"])]
    assert abs(climate["count"] - len(inside)) <= 1
    assert not climate["gaps"]


async def test_records_of_the_trade_that_were_sealed_too_early_are_issued_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(2 * 3600 + 60, every=60)
        sealed = world.records("storage")
        assert sealed
        life.learns()
        await life.goes_on(60)
    again = world.records("storage")[len(sealed) :]
    assert [(each["id"], each["revision"] + 1) for each in sealed] == [
        (each["id"], each["revision"]) for each in again if each["revision"] > 1
    ]
    for before, after in zip(sealed, again, strict=False):
        assert parse_rfc3339(after["from"]) - parse_rfc3339(before["from"]) == 30 * DAY
        assert after["climate"]["temperature"]["count"] == before["climate"]["temperature"]["count"]
    assert abs(parse_rfc3339(again[0]["from"]) - TRUTH) < WITHIN
    world.judged()


async def test_a_restart_in_the_same_boot_still_learns_for_what_is_held(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(300)
    async with world.boot("one", again=True) as life:
        await life.goes_on(120)
        assert not world.blocks("telemetry")
        life.learns()
        await life.goes_on(30)
    world.judged()
    assert {clock for _, _, clock in world.stamped().values()} == {"ntp"}


async def test_a_boot_that_never_learns_between_two_that_do_is_told_between_them(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.boot("one") as life:
        life.learns()
        await life.goes_on(120)
    world.off(3 * 3600)
    async with world.boot("two", -TRUTH) as life:
        await life.goes_on(200)
    world.off(3600)
    async with world.boot("three", -40 * DAY) as life:
        await life.goes_on(60)
        assert {block["boot"] for block in world.blocks("telemetry")} == {"one", "two"}
        life.learns()
        await life.goes_on(60)
    world.judged()
    least, most = world.corrections()["two", "unsynced"]
    assert most - least < 5 * HOUR
    unsynced = [value for value, (_, _, clock) in world.stamped().items() if clock == "unsynced"]
    assert len(unsynced) == 20


@pytest.mark.parametrize("jump", [-HOUR, 1000 * DAY], ids=["an hour back", "1,000 days forward"])
async def test_a_system_clock_that_jumps_while_running_moves_nothing_and_is_an_alarm(
    tmp_path: Path, jump: int
) -> None:
    world = World(tmp_path)
    async with world.boot("one") as life:
        life.learns()
        await life.goes_on(300, warm=True)
        life.machine.error = jump
        await life.goes_on(290, warm=True)
        assert not [each for each in life.one.own.standing.active if each.cause == "limit"]
        await life.goes_on(30, warm=True)
        standing = {each.cause: each.subject for each in life.one.own.standing.active}
        assert standing["clock_refused"] == "ntp"
        assert "limit" in standing
    world.judged()
    assert world.stamped().keys() == world.truths.keys()


async def test_ntp_and_a_receiver_that_disagree_are_an_alarm(tmp_path: Path) -> None:
    world = World(tmp_path, set_from=["ntp", "gnss"])
    async with world.boot("one") as life:
        life.learns()
        await life.goes_on(60, gps=2 * HOUR)
        assert ("clock_apart", "gnss") in {
            (each.cause, each.subject) for each in life.one.own.standing.active
        }
        await life.goes_on(60, gps=0)
        assert "clock_apart" not in {each.cause for each in life.one.own.standing.active}
    world.judged()


async def test_a_better_source_corrects_what_a_worse_one_had_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(60)
        await life.goes_on(600, gps=-2 * HOUR)
        life.learns()
        await life.goes_on(60)
    world.judged()
    assert {clock for _, _, clock in world.stamped().values()} == {"gnss", "ntp"}


async def test_what_was_held_when_the_power_went_is_released_at_the_next_boot_as_unsynced(
    tmp_path: Path,
) -> None:
    world, after = World(tmp_path), World(tmp_path / "after")
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(300)
        for name in ("journal.db", "journal.db-wal"):
            shutil.copy(tmp_path / name, tmp_path / "after" / name)
    after.truths = world.truths
    after.truth = world.truth + HOUR
    async with after.boot("two") as life:
        life.learns()
        await life.goes_on(30)
    after.judged()
    clocks = [clock for _, _, clock in after.stamped().values()]
    assert (clocks.count("unsynced"), clocks.count("ntp")) == (30, 3)
    assert {block["boot"] for block in after.blocks("telemetry") if block["clock"] == "unsynced"} == {"one"}


async def test_more_than_a_transaction_is_released_in_its_order(tmp_path: Path) -> None:
    world = World(tmp_path)
    data = yaml.safe_load(world.path.read_text())
    data["journal"]["max_size"] = "1MB"
    world.path.write_text(yaml.safe_dump(data, allow_unicode=True))
    async with world.boot("one", -40 * DAY) as life:
        await life.goes_on(HOLD - 60, every=1)
        life.learns()
        await life.goes_on(1)
        assert 0 < len(world.stamped()) < len(world.truths)
        for _ in range(20):
            await life.goes_on(1, every=1)
    world.judged()
    told = [
        entry["temperature"]
        for block in world.blocks("telemetry")
        for entry in block["observations"]
        if "temperature" in entry
    ]
    assert told == sorted(told)


async def test_a_trip_begun_unsynced_keeps_its_id(tmp_path: Path) -> None:
    """What was held and what comes after the correction are revisions of one record."""
    plant = {"kind": "site", "name": "东乡屠宰场", "at": {"lat": 35.6, "lon": 103.3, "radius": "300m"}}
    world = World(tmp_path)
    data = yaml.safe_load(world.path.read_text())
    data["places"] |= {"truck": {"kind": "vehicle", "plate": "甘N12345"}, "plant": plant}
    data["devices"]["gps"]["place"] = "truck"
    data["records"]["transport"] = {
        "route": {
            "place": "truck", "position": "gps", "climate": ["air"], "begin": {"leaves": "plant"},
            "end": {"stays": "plant", "for": "2min"},
        }
    }  # fmt: skip
    world.path.write_text(yaml.safe_dump(data, allow_unicode=True))
    async with world.boot("one", -40 * DAY) as life:
        await life.drives(60, away=False)
        left = life.machine.truth
        await life.drives(300, away=True)
        life.learns()
        await life.drives(300, away=True)
        await life.drives(600, away=False)
    trips = [record for record in world.records("transport") if record["stretch"] == "trip"]
    assert [record["revision"] for record in trips] == [1, 2]
    assert len({record["id"] for record in trips}) == 1
    for record in trips:
        assert abs(parse_rfc3339(record["from"]) - left) < 60 * SECOND
    world.judged()


async def test_the_running_daemon_learns_the_time_by_itself(tmp_path: Path) -> None:
    """Real tasks, real seconds, a machine whose clocks the test sets."""
    world = World(tmp_path)
    started = time.monotonic_ns()

    class Running(FakeMachine):
        def wall(self) -> int:
            return super().wall() + time.monotonic_ns() - started

        def since_boot(self) -> int:
            return super().since_boot() + time.monotonic_ns() - started

    machine = Running(-40 * DAY)
    one = await Gateway.open(gateway.load(world.path), machine)
    stop = asyncio.Event()
    running = asyncio.create_task(one.run(stop))
    async with asyncio.timeout(60):
        while one.journal.facts()["commits"] == 0:
            await asyncio.sleep(0.1)
        assert not world.blocks("records")
        machine.error, machine.synchronised = 0, SECOND // 100
        while not world.records("gateway"):
            await asyncio.sleep(0.1)
        stop.set()
        await running
    first, *_, last = world.records("gateway")
    assert (first["event"], last["event"]) == ("started", "stopped")
    assert abs(parse_rfc3339(first["from"]) - TRUTH) < WITHIN
    assert {block["clock"] for block in world.blocks("records")} == {"ntp"}


async def test_a_trusted_system_clock_holds_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, trust="system")
    async with world.boot("one") as life:
        await life.goes_on(30)
        assert len(world.stamped()) == len(world.truths)
    assert not world.corrections()
    world.judged()
