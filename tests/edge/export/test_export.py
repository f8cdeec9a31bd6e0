"""The verb `export` as an inspector's clerk types it, and what `verify` says of what it wrote."""

from __future__ import annotations

import csv
import json
import sqlite3
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from click.testing import CliRunner, Result

from drivers.contract import Code, Fix, Instant, Observation, Quality, Reading, Sighting
from edge import cli, entries
from edge.errors import JournalError
from edge.evidence.keys import SigningKey
from edge.evidence.seals import Handover
from edge.export import proof
from edge.export.blocks import Span, pieces
from edge.export.cells import BOM
from edge.export.taking import LAST
from edge.journal.block import Lane
from edge.journal.database import open_reader
from edge.journal.packing import Record
from edge.journal.standing import standing
from edge.journal.waiting import Batch
from edge.journal.writer import Writer
from edge.messages import Lang
from edge.records.own import GatewayRecord
from tests.edge.evidence.evidence_rig import KEY, Box

DAY_NS = 86_400_000_000_000
SPAN = ("--from", "2026-11-23", "--to", "2026-11-23")
"""By the clock of the site: from 16:00 UTC of the day before."""


def said(*arguments: object, lang: Lang = "en") -> Result:
    return CliRunner().invoke(cli.build(lang), [str(argument) for argument in arguments])


def verified(folder: Path, key: SigningKey = KEY, *, captured: bool = False) -> dict[str, Any]:
    more = ["--captured"] if captured else []
    found = said("verify", folder / "blocks.jsonl", "--key", key.public, "--json", *more)
    facts: dict[str, Any] = json.loads(found.output)
    return facts


def settings(folder: Path) -> Path:
    path = folder / "site.yaml"
    data = {
        "gateway": {
            "id": "dx-yidong-01",
            "operator": {"name": "伊东羊业"},
            "site": {"name": "东乡屠宰场"},
            "timezone": "Asia/Shanghai",
        },
        "journal": {"path": str(folder / "journal.db")},
    }
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


@pytest.fixture
def box(tmp_path: Path) -> Box:
    settings(tmp_path)
    return Box(tmp_path, step_s=60)


def says(box: Box, writer: Writer, device: str, *observations: Observation, raw: Any = None) -> None:
    box.at += box.step_s * 1_000_000_000
    at = Instant(box.at)
    stamped = [item._replace(at=at) for item in observations]
    writer.commit(Batch(list(entries.encode(device, stamped, raw or {})), [], {}, "ntp"))


def air(value: float | None, quality: Quality = Quality.GOOD, reason: str = "") -> Reading:
    return Reading(Instant(0), "temperature", value, quality, reason)


def gateway_record(box: Box, writer: Writer, event: str = "started", **facts: Any) -> None:
    since = f"2026-11-{22 + (box.at - 1_795_276_800_000_000_000) // DAY_NS:02}T12:00:00.000Z"
    record = GatewayRecord.model_validate(
        {
            **{"id": f"r{box.at}", "revision": 1, "operator": "伊东羊业", "from": since},
            **{"event": event, "facts": facts},
        }
    )
    box.at += box.step_s * 1_000_000_000
    writer.commit(Batch([], [Record("gateway", box.now(), record.encoded())], {}, "ntp"))


def sheet(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(encoding=BOM, newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames is not None
    return list(reader.fieldnames), rows


def test_a_sheet_of_readings_says_what_the_devices_said(box: Box, tmp_path: Path) -> None:
    with box.writing() as writer:
        says(box, writer, "chiller-1-air", air(-3.4), raw={"temperature": -3.1})
        says(box, writer, "chiller-1-air", air(None, Quality.MISSING, "no_answer"))
        says(box, writer, "ear-tags", Sighting(Instant(0), Code("cn-eartag", "362292600000123")))
        says(box, writer, "scanner", Sighting(Instant(0), Code("text", '=HYPERLINK("http://x","y")')))
        says(box, writer, "gps", Fix(Instant(0), lat=35.6631, lon=103.3894, speed=14.2))
    done = said("export", tmp_path / "site.yaml", "--readings", "-o", tmp_path / "out")
    assert done.exit_code == 0, done
    raw = (tmp_path / "out" / "readings.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 8
    header, rows = sheet(tmp_path / "out" / "readings.csv")
    assert header[:5] == ["local time", "time (UTC)", "device", "point", "value"]
    assert [(row["device"], row["point"], row["value"], row["unit"]) for row in rows] == [
        ("chiller-1-air", "temperature", "-3.4", "Cel"),
        ("chiller-1-air", "temperature", "", "Cel"),
        ("ear-tags", "code", "'362292600000123", "cn-eartag"),
        ("scanner", "code", '\'=HYPERLINK("http://x","y")', "text"),
        ("gps", "latitude", "35.6631", "deg"),
        ("gps", "longitude", "103.3894", "deg"),
        ("gps", "speed", "14.2", "m/s"),
    ]
    assert (rows[0]["raw value"], rows[1]["quality"], rows[1]["reason"]) == ("-3.1", "missing", "no answer")
    assert (rows[0]["time (UTC)"], rows[0]["local time"]) == (
        "2026-11-22T03:15:07.000Z",
        "2026-11-22 11:15:07",
    )
    assert [row["block"] for row in rows] == ["1", "2", "3", "4", "5", "5", "5"]
    chinese = said("export", tmp_path / "site.yaml", "--readings", "-o", tmp_path / "zh", lang="zh")
    assert "个数据块" in chinese.output
    header, rows = sheet(tmp_path / "zh" / "readings.csv")
    assert (header[0], rows[0]["测点"], rows[1]["质量"]) == ("当地时间", "温度", "缺失")


def days_of_readings(box: Box, days: int = 3, per_day: int = 48) -> None:
    box.step_s = 86_400 // per_day
    with box.writing() as writer:
        for _ in range(days * per_day):
            says(box, writer, "chiller-1-air", air(3.4))
            gateway_record(box, writer)


def test_a_day_is_the_day_of_the_site_and_its_proof_holds_though_it_begins_in_the_middle(
    box: Box, tmp_path: Path
) -> None:
    days_of_readings(box)
    out = tmp_path / "out"
    arguments = "export", tmp_path / "site.yaml", "--readings", *SPAN, "-o", out
    assert said(*arguments).exit_code == 0
    _, rows = sheet(out / "readings.csv")
    times = [row["time (UTC)"] for row in rows]
    assert "2026-11-22T16" <= min(times) < "2026-11-22T17"
    assert "2026-11-23T15" <= max(times) < "2026-11-23T16"
    found = verified(out, captured=True)
    (lane,) = found["lanes"]
    assert found["holds"]
    assert lane["start"] > 0
    assert lane["proven"] == lane["head"]
    assert {int(row["block"]) for row in rows} <= set(range(lane["start"] + 1, lane["proven"] + 1))
    assert f"--key {KEY.public} --captured" in json.loads((out / "export.json").read_text())["verify"]
    assert (out / "public-key.txt").read_text() == KEY.public + "\n"
    again = said(*arguments)
    assert (again.exit_code, "already" in again.output) == (2, True)


def test_a_flipped_bit_in_the_export_is_named(box: Box, tmp_path: Path) -> None:
    days_of_readings(box)
    out = tmp_path / "out"
    said("export", tmp_path / "site.yaml", "--readings", "--format", "jsonl", "-o", out)
    assert verified(out)["holds"], "from the first block on it is whole"
    lines = (out / "blocks.jsonl").read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"seq":40,' in line and b'"observations"' in line)
    flipped = bytearray(lines[at])
    flipped[flipped.index(b"3.4")] ^= 1
    lines[at] = bytes(flipped)
    (out / "blocks.jsonl").write_bytes(b"".join(lines))
    (lane,) = verified(out)["lanes"]
    assert lane["broken"]["kind"] == "changed"
    assert lane["broken"]["first"] <= 40 <= lane["broken"]["last"]


def test_rows_for_programs_name_their_block_and_keep_a_gap(box: Box, tmp_path: Path) -> None:
    with box.writing() as writer:
        says(box, writer, "chiller-1-air", air(3.25))
        says(box, writer, "other", air(None, Quality.MISSING, "silent"))
    arguments = "export", tmp_path / "site.yaml", "--readings", "--format", "jsonl"
    assert said(*arguments, "--device", "other", "-o", tmp_path / "one").exit_code == 0
    (row,) = map(orjson.loads, (tmp_path / "one" / "readings.jsonl").read_bytes().splitlines())
    assert (row["device"], row["value"], row["reason"], row["seq"]) == ("other", None, "silent", 2)
    none = said(*arguments, "--device", "nobody", "-o", tmp_path / "none")
    assert (none.exit_code, "nothing of this" in none.output) == (1, True)


def test_records_have_a_sheet_a_kind_with_the_standards_terms(box: Box, tmp_path: Path) -> None:
    days_of_readings(box)
    out = tmp_path / "out"
    done = said("export", tmp_path / "site.yaml", "--records", *SPAN, "-o", out, lang="zh")
    assert done.exit_code == 0, done
    header, rows = sheet(out / "records-gateway.csv")
    assert "记录编号 id" in header
    assert "事件 event" in header
    assert {row["开始时间 from"] for row in rows} == {"2026-11-23T12:00:00.000Z"}
    assert {row["开始（当地）"] for row in rows} == {"2026-11-23 20:00:00"}
    assert {row["经营主体 operator"] for row in rows} == {"伊东羊业"}
    assert verified(out, captured=True)["holds"]
    other = said("export", tmp_path / "site.yaml", "--records", "--kind", "alarm", "-o", tmp_path / "none")
    assert other.exit_code == 1


def test_readings_from_before_a_rotation_are_proven_by_the_key_of_now(tmp_path: Path) -> None:
    settings(tmp_path)
    old, new = SigningKey.generate(), SigningKey.generate()
    box = Box(tmp_path, key=old)
    with box.writing() as writer:
        says(box, writer, "chiller-1-air", air(3.4))
    handover = Handover.between(old, new, "2026-11-22T04:00:00.000Z")
    (tmp_path / "journal.db.key.handovers").write_bytes(orjson.dumps(handover._asdict()) + b"\n")
    box.key = new
    with box.writing() as writer:
        says(box, writer, "chiller-1-air", air(3.5))
    out = tmp_path / "out"
    assert said("export", tmp_path / "site.yaml", "--readings", "-o", out).exit_code == 0
    assert (out / "public-key.txt").read_text().strip() == new.public
    assert verified(out, new)["holds"]
    unknown = out / "blocks.jsonl"
    unknown.write_bytes(b"".join(unknown.read_bytes().splitlines(keepends=True)[1:]))
    (lane,) = verified(out, new)["lanes"]
    assert lane["broken"]["kind"] == "foreign_key", "the handover was in the first line"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--records", "--device", "chiller-1-air"),
        ("--readings", "--kind", "slaughter"),
        ("--readings", "--from", "2026-11-23", "--to", "2026-11-20"),
        ("--readings", "--from", "yesterday"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(box: Box, tmp_path: Path, arguments: Sequence[str]) -> None:
    assert said("export", tmp_path / "site.yaml", *arguments, "-o", tmp_path / "out").exit_code == 2
    assert not (tmp_path / "out").exists()


def many(count: int, at: int) -> Iterator[Reading]:
    for number in range(count):
        yield Reading(Instant(at + number * 1_000_000), "temperature", number / 100)


def test_many_readings_take_little_memory(box: Box, tmp_path: Path) -> None:
    """Thirty thousand of them: as rows kept in memory they would be three times the bound."""
    with box.writing() as writer:
        for start in range(0, 30_000, 500):
            block = [
                entry
                for item in many(500, box.at + start * 1_000_000)
                for entry in entries.encode("chiller-1-air", [item], {})
            ]
            writer.commit(Batch(block, [], {}, "ntp"))
        box.at += 200 * 1_000_000_000
    tracemalloc.start()
    try:
        done = said("export", tmp_path / "site.yaml", "--readings", "-o", tmp_path / "out", "--json")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    facts = json.loads(done.output)
    assert facts["rows"] == 30_000
    assert peak < 6_000_000
    assert verified(tmp_path / "out")["holds"]


def test_no_read_stays_open_that_would_keep_the_write_ahead_log_from_starting_over(
    box: Box, tmp_path: Path
) -> None:
    days_of_readings(box, days=13)
    with closing(open_reader(box.path)) as reading, box.writing() as writer:
        lane = standing(reading).lane(writer.journal, Lane.TELEMETRY)
        stretch = proof.around(reading, lane, 1, lane.head)
        assert stretch is not None
        steps = (pieces(reading, lane, 1, lane.head, Span(Instant(0), LAST)), proof.lines(reading, stretch))
        for step in steps:
            next(iter(step))
            with closing(sqlite3.connect(box.path)) as other:
                says(box, writer, "chiller-1-air", air(3.4))
                busy, left, done = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert (busy, left, done) == (0, 0, 0)


def test_a_damaged_block_ends_the_export_and_says_so(box: Box, tmp_path: Path) -> None:
    days_of_readings(box, days=1)
    with box.tampering() as file:
        file.execute("UPDATE blocks SET body = x'7b00' WHERE key = ?", (box.key_of(Lane.TELEMETRY, 3),))
    done = said("export", tmp_path / "site.yaml", "--readings", "-o", tmp_path / "out")
    assert isinstance(done.exception, JournalError)
    assert "tagtrail verify" in str(done.exception)
