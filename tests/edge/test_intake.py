"""What becomes of observations between a source and the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from drivers.contract import (
    NANOSECONDS,
    Code,
    Fix,
    Frame,
    Instant,
    Observation,
    Quality,
    Reading,
    Reason,
    Reject,
    Sighting,
)
from edge.alarms import Cause
from edge.calibration import Calibration, by_offset, by_points
from edge.devices import Intaken
from edge.intake import Intake
from edge.journal.block import Entry
from edge.thinning import Thin

START = 1_795_305_600 * NANOSECONDS
"""2026-11-22T00:00:00Z."""


class Site:
    """An intake with its surroundings, and a clock that the test moves."""

    def __init__(self, *devices: Intaken) -> None:
        self.seconds = 0.0
        self.room = True
        self.entries: list[Entry] = []
        self.live: list[bytes] = []
        self.rolled: list[tuple[Instant, Sequence[tuple[str, float]]]] = []
        self.offers: list[tuple[Instant, Instant]] = []
        self.lost: list[tuple[str, Instant, int]] = []
        self.recorded: list[tuple[str, Observation]] = []
        self.alarms: dict[tuple[Cause, str], str] = {}
        self.intake = Intake(
            devices,
            journal=self,
            now=self.now,
            alarms=self,
            offer=lambda utc, at: self.offers.append((utc, at)),
            live=lambda _device, body: self.live.append(body),
            lost=lambda *what: self.lost.append(what),
            recorded=lambda device, items: self.recorded.extend((device, item) for item in items),
            steady=lambda: self.seconds,
        )

    def now(self) -> Instant:
        return Instant(START + int(self.seconds * NANOSECONDS))

    def observe(self, entry: Entry) -> bool:
        if self.room:
            self.entries.append(entry)
        return self.room

    def roll(self, at: Instant, values: Sequence[tuple[str, float]]) -> None:
        self.rolled.append((at, values))

    def raised(self, cause: Cause, subject: str, detail: str) -> None:
        self.alarms.setdefault((cause, subject), detail)

    def cleared(self, cause: Cause, subject: str) -> None:
        self.alarms.pop((cause, subject), None)

    def says(self, device: str, *observations: Observation) -> None:
        self.intake(device, observations, Frame(b"\x01\x02"))

    def reads(
        self, device: str, value: float | None, quantity: str = "temperature", reason: str = ""
    ) -> None:
        quality = Quality.MISSING if value is None else Quality.GOOD
        self.says(device, Reading(self.now(), quantity, value, quality, reason))

    def passes(self, seconds: float) -> None:
        """Time goes by; the gateway ticks once a second."""
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds = min(end, self.seconds + 1)
            self.intake.tick()

    @property
    def journalled(self) -> list[dict[str, Any]]:
        return [orjson.loads(entry.body) for entry in self.entries]


def probe(
    name: str = "chiller-1-air",
    *,
    adjust: Calibration | None = None,
    every_s: float | None = 10.0,
    thin: Thin | None = None,
) -> Intaken:
    calibrations = {} if adjust is None else {"temperature": adjust}
    return Intaken(
        name,
        ("temperature",),
        every_s,
        spaced=False,
        calibrations=calibrations,
        repeat_s=30.0,
        thin=thin,
    )


def reader(name: str = "ear-tags") -> Intaken:
    return Intaken(name, (), None, spaced=True, calibrations={}, repeat_s=30.0)


def receiver(every_s: float = 10.0, thin: Thin | None = None) -> Intaken:
    return Intaken("gps", ("lat", "lon"), every_s, spaced=True, calibrations={}, repeat_s=30.0, thin=thin)


def test_a_reading_becomes_an_entry_of_its_device_and_instant() -> None:
    site = Site(probe())
    at = site.now()
    site.says("chiller-1-air", Reading(at, "temperature", 3.4), Reading(at, "humidity", 88.1))
    assert site.journalled == [
        {"t": "2026-11-22T00:00:00.000Z", "device": "chiller-1-air", "temperature": 3.4, "humidity": 88.1}
    ]
    assert site.entries[0].observations == 2
    assert site.entries[0].values == (("chiller-1-air.temperature", 3.4), ("chiller-1-air.humidity", 88.1))
    assert not site.entries[0].urgent
    assert site.live == [site.entries[0].body]


def test_an_adjusted_reading_keeps_its_raw_value_beside_it() -> None:
    site = Site(probe(adjust=by_offset(-0.3)))
    site.reads("chiller-1-air", 3.7)
    (entry,) = site.journalled
    assert (entry["temperature"], entry["raw"]) == (3.4, {"temperature": 3.7})


def test_a_reading_is_adjusted_by_the_points_of_a_certificate() -> None:
    site = Site(probe(adjust=by_points([(0.0, 0.3), (10.0, 10.1)])))
    for shown in (0.0, 5.0, 10.0, -10.0):
        site.reads("chiller-1-air", shown)
    said = [(entry["raw"]["temperature"], entry["temperature"]) for entry in site.journalled]
    assert said == [(0.0, 0.3), (5.0, 5.2), (10.0, 10.1), (-10.0, -9.5)]


def test_an_adjustment_that_does_not_apply_leaves_no_raw_value() -> None:
    site = Site(probe(adjust=by_offset(-0.3)))
    site.reads("chiller-1-air", 3.7)
    at = site.now()
    site.says(
        "chiller-1-air",
        Reading(at, "temperature", None, Quality.MISSING, "sensor_fault"),
        Reading(at, "humidity", 88.0),
    )
    assert "raw" not in site.journalled[-1]


def test_a_missing_value_beside_a_good_one_is_null_with_its_reason() -> None:
    site = Site(probe())
    at = site.now()
    site.says(
        "chiller-1-air",
        Reading(at, "temperature", 3.4),
        Reading(at, "humidity", None, Quality.MISSING, "no_answer"),
    )
    (entry,) = site.journalled
    assert entry["humidity"] is None
    assert entry["quality"] == {"humidity": ["missing", "no_answer"]}


@pytest.mark.parametrize(
    ("quantity", "value", "reason"),
    [
        ("temperature", 850.0, "out_of_range"),
        ("temperature", -273.0, "out_of_range"),
        ("humidity", -4.0, "out_of_range"),
        ("humidity", 6553.5, "out_of_range"),
        ("temperature", float("nan"), "not_a_number"),
        ("temperature", float("inf"), "not_a_number"),
    ],
)
def test_a_number_that_cannot_be_true_is_a_gap(quantity: str, value: float, reason: str) -> None:
    site = Site(probe())
    site.reads("chiller-1-air", value, quantity)
    (entry,) = site.journalled
    assert entry[quantity] is None
    assert entry["quality"] == {quantity: ["missing", reason]}
    assert site.entries[0].values == ()


def test_a_sighting_is_journalled_at_once_and_its_repeats_when_the_window_closes() -> None:
    site = Site(reader())
    tag = Code("iso11784", "156003622926001")
    for _ in range(42):
        site.says("ear-tags", Sighting(site.now(), tag))
        site.passes(0.1)
    assert site.entries[0].urgent
    last = site.now()
    site.passes(40)
    first, again = site.journalled
    assert first == {"t": "2026-11-22T00:00:00.000Z", "device": "ear-tags", "code": tag._asdict()}
    assert again["code"] == tag._asdict()
    assert again["again"]["count"] == 41
    assert again["again"]["last"] < again["t"]
    assert last > START


def test_a_gateway_that_stops_tells_what_its_open_windows_counted() -> None:
    site = Site(reader())
    tag = Code("iso11784", "156003622926001")
    for _ in range(5):
        site.says("ear-tags", Sighting(site.now(), tag))
    site.intake.end()
    assert site.journalled[-1]["again"]["count"] == 4
    site.passes(60)
    assert len(site.entries) == 2, "told once"


def test_a_listener_keeps_at_most_one_fix_an_interval() -> None:
    site = Site(receiver(every_s=10.0))
    for _ in range(60):
        site.says("gps", Fix(site.now(), 35.66, 103.38, speed=14.2))
        site.passes(1)
    assert [entry["t"][17:19] for entry in site.journalled] == ["00", "08", "18", "28", "38", "48", "58"]


def test_every_fix_offers_its_time_to_the_clock_even_if_it_is_not_kept() -> None:
    site = Site(receiver())
    utc = Instant(START + NANOSECONDS)
    for _ in range(3):
        site.says("gps", Fix(site.now(), 35.66, 103.38, utc=utc))
    assert site.offers == [(utc, Instant(START))] * 3


def test_a_gap_is_told_when_it_begins_and_every_quarter_of_an_hour() -> None:
    site = Site(probe(every_s=10.0))
    site.reads("chiller-1-air", 3.4)
    for _ in range(200):
        site.passes(10)
        site.reads("chiller-1-air", None, reason="no_answer")
    gaps = [entry for entry in site.journalled if entry["temperature"] is None]
    assert [entry["t"][11:19] for entry in gaps] == ["00:00:10", "00:15:10", "00:30:10"]


def test_silence_of_a_device_with_a_cadence_is_a_gap_and_an_alarm_until_it_speaks() -> None:
    site = Site(receiver(every_s=10.0))
    site.says("gps", Fix(site.now(), 35.66, 103.38))
    site.passes(29)
    assert site.alarms == {}
    site.passes(3)
    assert site.alarms == {(Cause.SILENT, "gps"): "silent"}
    assert site.journalled[-1]["quality"] == {"lat": ["missing", "silent"], "lon": ["missing", "silent"]}
    site.says("gps", Fix(site.now(), 35.67, 103.38))
    assert site.alarms == {}
    assert site.journalled[-1]["lat"] == 35.67


def test_a_probe_that_falls_silent_misses_what_it_used_to_say() -> None:
    """A family's decoder knows a dozen quantities; this probe has two."""
    site = Site(probe()._replace(quantities=("battery", "humidity", "pressure", "temperature")))
    site.says("chiller-1-air", Reading(site.now(), "temperature", 3.4), Reading(site.now(), "humidity", 88.0))
    site.passes(60)
    [gap] = [entry for entry in site.journalled if "quality" in entry]
    assert set(gap["quality"]) == {"temperature", "humidity"}


def test_the_alarm_of_a_silent_unit_gives_the_reason_that_the_bus_gave() -> None:
    site = Site(probe(every_s=2.0))
    for _ in range(12):
        site.reads("chiller-1-air", None, reason="no_answer")
        site.passes(1)
    assert site.alarms == {(Cause.SILENT, "chiller-1-air"): "no_answer"}
    assert len(site.entries) == 1


def test_recorders_are_told_first_sightings_adjusted_readings_and_gaps() -> None:
    site = Site(reader(), probe(adjust=by_offset(-0.3), thin=Thin(60.0, 0.5)))
    tag = Sighting(site.now(), Code("cn-eartag", "362292600000123"))
    site.says("ear-tags", tag)
    site.says("ear-tags", tag._replace(at=Instant(site.now() + 1)))
    site.reads("chiller-1-air", 3.7)
    site.reads("chiller-1-air", 3.8)
    site.reads("chiller-1-air", None, reason="no_answer")
    assert site.recorded == [
        ("ear-tags", tag),
        ("chiller-1-air", Reading(site.now(), "temperature", round(3.7 - 0.3, 6))),
        ("chiller-1-air", Reading(site.now(), "temperature", round(3.8 - 0.3, 6))),
        ("chiller-1-air", Reading(site.now(), "temperature", None, Quality.MISSING, "no_answer")),
    ]


def test_silence_of_a_reader_means_nothing() -> None:
    site = Site(reader())
    site.passes(3600)
    assert (site.entries, site.alarms) == ([], {})


def test_what_finds_no_room_is_counted_and_told_as_lost() -> None:
    site = Site(probe())
    site.room = False
    site.reads("chiller-1-air", 3.4)
    assert site.intake.devices["chiller-1-air"].refused == {"journal_full": 1}
    assert site.lost == [("chiller-1-air", Instant(START), 1)]
    assert len(site.live) == 1


def test_refusals_are_counted_under_their_reason() -> None:
    site = Site(reader())
    for reason in (Reason.CHECKSUM, Reason.CHECKSUM, Reason.LENGTH):
        site.intake.refuse("ear-tags", Reject(reason), Frame(b"\x02garbage"))
    assert site.intake.devices["ear-tags"].refused == {"checksum": 2, "length": 1}


async def test_whoever_waits_for_a_device_gets_its_next_frame() -> None:
    site = Site(probe(), reader())
    waiting: asyncio.Future[tuple[Frame, Sequence[Observation]]] = asyncio.ensure_future(
        site.intake.next("chiller-1-air")
    )
    await asyncio.sleep(0)
    site.says("ear-tags", Sighting(site.now(), Code("iso11784", "1")))
    site.reads("chiller-1-air", 3.4)
    frame, observations = await waiting
    assert frame.data == b"\x01\x02"
    assert observations == [Reading(Instant(START), "temperature", 3.4)]


@pytest.mark.parametrize("period_s", [0.1, 0.8, 1.0, 1.5, 7.0])
def test_thinning_loses_nothing_to_jitter_and_never_keeps_more_than_its_share(period_s: float) -> None:
    site = Site(receiver(every_s=1.0))
    jitter = [0.0, 0.09, -0.08, 0.04, -0.09]
    for step in range(round(60 / period_s)):
        site.seconds = step * period_s + 10 + jitter[step % 5] * min(1.0, period_s)
        site.says("gps", Fix(site.now(), 35.66, 103.38))
    assert 0.9 * min(60, 60 / period_s) <= len(site.entries) <= 61


def test_a_clock_that_was_set_back_does_not_stop_a_listener() -> None:
    site = Site(receiver(every_s=10.0))
    site.seconds = 3600.0
    site.says("gps", Fix(site.now(), 35.66, 103.38))
    site.seconds = 0.0
    site.says("gps", Fix(site.now(), 35.66, 103.38))
    assert len(site.entries) == 2


THIN = Thin(at_least_s=60.0, change=0.1)


def test_a_reading_that_did_not_move_is_shown_and_counted_but_not_journalled() -> None:
    site = Site(probe(thin=THIN))
    for value in (3.4, 3.4, 3.45, 3.5, 3.45):
        site.reads("chiller-1-air", value)
        site.passes(10)
    assert [entry["temperature"] for entry in site.journalled] == [3.4, 3.5]
    assert [orjson.loads(body)["temperature"] for body in site.live] == [3.4, 3.4, 3.45, 3.5, 3.45]
    assert [values for _, values in site.rolled] == [
        (("chiller-1-air.temperature", value),) for value in (3.4, 3.45, 3.45)
    ]
    assert [at for at, _ in site.rolled] == [START + s * NANOSECONDS for s in (10, 20, 40)]
    state = site.intake.devices["chiller-1-air"]
    assert (state.observed, state.thinned) == (5, 3)


def test_a_reading_that_stands_still_is_journalled_when_the_time_is_up() -> None:
    site = Site(probe(thin=THIN))
    for _ in range(19):
        site.reads("chiller-1-air", 3.4)
        site.passes(10)
    assert [entry["t"][11:19] for entry in site.journalled] == [
        *("00:00:00", "00:01:00", "00:02:00", "00:03:00")
    ]


def test_what_is_thinned_is_judged_after_the_adjustment() -> None:
    site = Site(probe(thin=THIN, adjust=by_points([(0.0, 0.0), (10.0, 1.0)])))
    for shown in (0.0, 0.9, 1.0):
        site.reads("chiller-1-air", shown)
    assert [entry["raw"]["temperature"] for entry in site.journalled] == [0.0, 1.0]


def test_a_gap_and_the_first_value_after_it_are_never_thinned() -> None:
    site = Site(probe(thin=THIN))
    for value in (3.4, 3.4, None, None, 3.4, 3.4):
        site.reads("chiller-1-air", value, reason="" if value else "no_answer")
        site.passes(1)
    assert [entry["temperature"] for entry in site.journalled] == [3.4, None, 3.4]


def test_a_gap_that_was_told_already_is_a_gap_to_the_value_after_it() -> None:
    site = Site(probe(thin=THIN))
    for value in (3.4, None, 3.4, None, 3.4):
        site.reads("chiller-1-air", value, reason="" if value else "no_answer")
        site.passes(1)
    assert [entry["temperature"] for entry in site.journalled] == [3.4, None, 3.4, None, 3.4]


def test_the_first_value_after_a_silence_is_journalled() -> None:
    site = Site(probe(thin=Thin(at_least_s=3600.0, change=0.1)))
    site.reads("chiller-1-air", 3.4)
    site.passes(40)
    site.reads("chiller-1-air", 3.4)
    assert [entry["temperature"] for entry in site.journalled] == [3.4, None, 3.4]


def test_thinning_goes_by_what_the_journal_took() -> None:
    site = Site(probe(thin=THIN))
    site.room = False
    site.reads("chiller-1-air", 3.4)
    site.room = True
    site.reads("chiller-1-air", 3.4)
    site.reads("chiller-1-air", 3.4)
    assert len(site.entries) == 1
    assert len(site.rolled) == 1


def test_a_truck_that_stands_is_journalled_once_a_minute_and_one_that_drives_every_fifty_metres() -> None:
    site = Site(receiver(every_s=1.0, thin=Thin(at_least_s=60.0, distance_m=50.0, turn_deg=20.0)))
    lat = 35.6636
    for second in range(240):
        speed = 14.2 if second >= 120 else 0.0
        lat += speed / 111_195
        site.says("gps", Fix(site.now(), lat, 103.3894, speed=speed, course=0.0 if speed else second * 37.0))
        site.passes(1)
    times = [entry["t"][14:19] for entry in site.journalled]
    assert times[:4] == ["00:00", "01:00", "02:00", "02:04"]
    assert times[4:7] == ["02:08", "02:12", "02:16"]
    assert len(site.live) == 240
    assert len(site.rolled) + len(site.entries) == 240


def listened_to(every_s: float | None = None) -> Intaken:
    """A Bluetooth probe."""
    return Intaken(
        "core", ("temperature",), every_s, spaced=True, calibrations={}, repeat_s=30.0, learns=True
    )


def talks(site: Site, every_s: float, times: int) -> None:
    for _ in range(times):
        site.reads("core", 3.4)
        site.passes(every_s)


def test_silence_is_known_by_what_was_learnt() -> None:
    site = Site(listened_to())
    talks(site, 20.0, 10)
    assert site.alarms == {}
    site.passes(39.0)
    assert site.alarms == {}
    site.passes(3.0)
    assert site.alarms == {(Cause.SILENT, "core"): "silent"}
    assert site.journalled[-1]["quality"] == {"temperature": ["missing", "silent"]}
    site.reads("core", 3.5)
    assert site.alarms == {}


def test_a_fast_probe_is_not_missed_at_once() -> None:
    site = Site(listened_to())
    talks(site, 1.0, 60)
    site.passes(28.0)
    assert site.alarms == {}
    site.passes(3.0)
    assert site.alarms == {(Cause.SILENT, "core"): "silent"}


def test_a_probe_that_never_spoke_is_missed_too() -> None:
    site = Site(listened_to())
    site.passes(299.0)
    assert site.alarms == {}
    site.passes(3.0)
    assert site.alarms == {(Cause.SILENT, "core"): "silent"}


@pytest.mark.parametrize(
    "impossible",
    [
        Reading(Instant(START), "temperature", 250.0),
        Reading(Instant(START), "humidity", 120.0),
        Reading(Instant(START), "temperature", None, Quality.MISSING, "out_of_range"),
    ],
)
def test_of_a_frame_in_the_open_air_with_an_impossible_value_nothing_is_kept(impossible: Reading) -> None:
    site = Site(listened_to()._replace(open_air=True))
    site.says("core", impossible, Reading(Instant(START), "battery", 90.0))
    assert site.journalled == []
    assert site.intake.devices["core"].refused == {"range": 1}


def test_humidity_that_an_instrument_overshoots_does_not_cost_the_temperature() -> None:
    site = Site(listened_to()._replace(open_air=True))
    wet = Reading(Instant(START), "humidity", None, Quality.MISSING, "out_of_range")
    site.says("core", Reading(Instant(START), "temperature", 3.4), wet)
    (entry,) = site.journalled
    assert (entry["temperature"], entry["humidity"]) == (3.4, None)


def test_a_cadence_that_is_given_is_not_learnt() -> None:
    site = Site(listened_to(every_s=10.0))
    talks(site, 1.0, 57)
    assert len(site.entries) == 6
    site.passes(33.0)
    assert site.alarms == {(Cause.SILENT, "core"): "silent"}
