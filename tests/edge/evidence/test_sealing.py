"""When the journal seals, what it keeps of that, and what a power cut, retention and a new key leave."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contract import Instant
from edge.evidence import chain
from edge.evidence.seals import Handover, read_seal
from edge.evidence.verification import Kind
from edge.evidence.verify import EXPORT, JournalFile, verify
from edge.journal import migrations
from edge.journal.block import Entry, Lane
from edge.journal.identity import Identity
from edge.journal.packing import Envelope
from edge.journal.rules import Rules as JournalRules
from edge.journal.waiting import Batch
from tests.edge.evidence.evidence_rig import (
    DAY_S,
    KEY,
    OTHER_KEY,
    SECOND_NS,
    Box,
    check_lines,
    checked,
    exported,
    kinds,
    newest_seal,
)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def after_power_cut(box: Box, folder: Path) -> Box:
    """The same box as it comes back when its power goes now."""
    folder.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        if (source := box.path.with_name(name)).exists():
            shutil.copy(source, folder / name)
    return Box(folder, at=box.at)


def test_the_chain_is_what_its_description_says(box: Box) -> None:
    box.written(telemetry=3, records=0)
    with closing(sqlite3.connect(box.path)) as file:
        rows = file.execute("SELECT body, hash FROM blocks ORDER BY key").fetchall()
        journal = file.execute("SELECT id FROM journals").fetchone()[0]
    link = chain.genesis(journal, Lane.TELEMETRY)
    for body, kept in rows:
        link = chain.link(link, body)
        assert kept == link
    assert newest_seal(box.path, Lane.TELEMETRY).hash == link
    assert chain.genesis(journal, Lane.RECORDS) != chain.genesis(journal, Lane.TELEMETRY)
    assert chain.genesis("01K", Lane.RECORDS) != chain.genesis(journal, Lane.RECORDS)


def test_a_record_is_sealed_by_the_commit_that_makes_it(box: Box, tmp_path: Path) -> None:
    with box.writing() as writer:
        box.record(writer)
        assert writer.sealing.newest[Lane.RECORDS].seq == 1
        cut = after_power_cut(box, tmp_path / "cut")
    assert newest_seal(cut.path, Lane.RECORDS).seq == 1


def test_telemetry_is_sealed_each_minute_and_at_the_end(box: Box) -> None:
    with box.writing() as writer:
        sealed = []
        for _ in range(9):
            box.telemetry(writer)
            sealed.append(writer.sealing.newest[Lane.TELEMETRY].seq)
        assert sealed == [0, 0, 3, 3, 3, 6, 6, 6, 9]
        box.telemetry(writer)
    assert newest_seal(box.path, Lane.TELEMETRY).seq == 10


def test_telemetry_that_stops_is_sealed_a_minute_later(box: Box) -> None:
    with box.writing() as writer:
        box.telemetry(writer, 2)
        behind = writer.sealing.newest[Lane.TELEMETRY].seq
        box.at += 60 * SECOND_NS
        writer.commit(Batch([], [], {}, "ntp"))
        assert behind <= writer.sealing.newest[Lane.TELEMETRY].seq == 2


def test_a_power_cut_between_a_block_and_its_seal_is_healed_at_the_next_start(
    box: Box, tmp_path: Path
) -> None:
    box.step_s = 1
    with box.writing() as writer:
        box.telemetry(writer, 5)
        cut = after_power_cut(box, tmp_path / "cut")
    awaiting = checked(cut.path)
    (found,) = [lane for lane in awaiting.lanes if lane.lane is Lane.TELEMETRY]
    assert awaiting.holds
    assert found.proven < found.head == 5
    with cut.writing() as writer:
        assert writer.sealing.newest[Lane.TELEMETRY].seq == 5
        box.telemetry(writer)
    assert checked(cut.path).holds


def test_a_commit_that_fails_publishes_no_seal(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    with box.writing() as writer:
        box.record(writer)
        monkeypatch.setattr("edge.journal.states.remember", _full)
        with pytest.raises(sqlite3.OperationalError):
            box.record(writer)
        monkeypatch.undo()
        box.telemetry(writer)
        assert writer.sealing.newest[Lane.RECORDS].seq == 1
    assert checked(box.path).holds


def _full(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_of_one_minute_one_seal_is_kept(box: Box) -> None:
    box.step_s = 1
    with box.writing() as writer:
        for _ in range(180):
            box.record(writer)
    kept = [seal for seal in JournalFile(box.path).seals() if seal.lane is Lane.RECORDS]
    assert len(kept) <= 5
    assert checked(box.path).holds


def test_what_retention_deletes_is_no_cut(box: Box) -> None:
    box.rules = JournalRules(keep_telemetry_s=DAY_S)
    box.step_s = 600
    with box.writing() as writer:
        box.telemetry(writer, 300)
        while writer.expire("ntp") is not None:
            pass
        pruned = writer.standing.lanes[1].pruned
        assert pruned > 100
        box.telemetry(writer)
    verdict = checked(box.path)
    (found,) = [lane for lane in verdict.lanes if lane.lane is Lane.TELEMETRY]
    assert verdict.holds
    assert (found.start, found.head, found.proven) == (pruned, 301, 301)
    assert check_lines(box.folder, exported(box.path, box.folder / "export.jsonl")).holds
    box.at += 2 * DAY_S * SECOND_NS
    with box.writing() as writer:
        while writer.expire("ntp") is not None:
            pass
    assert checked(box.path).holds
    with box.writing() as writer:
        box.telemetry(writer)
    verdict = checked(box.path)
    assert verdict.holds, "the chain goes on where all blocks are gone"
    assert [lane.start for lane in verdict.lanes if lane.lane is Lane.TELEMETRY] == [301]


def test_a_handover_is_followed_in_both_directions_and_never_back(box: Box, tmp_path: Path) -> None:
    handover = Handover.between(KEY, OTHER_KEY, "2026-11-22T03:14:07.000Z")
    assert handover.holds
    box.written()
    box.key = OTHER_KEY
    box.written()
    for key in (KEY, OTHER_KEY):
        assert verify(JournalFile(box.path), key.public, handovers=[handover]).holds
        assert kinds(verify(JournalFile(box.path), key.public)) == {Kind.FOREIGN_KEY}
    box.key = KEY
    box.written()
    assert kinds(verify(JournalFile(box.path), KEY.public, handovers=[handover])) == {Kind.FOREIGN_KEY}


def test_a_handover_needs_both_signatures() -> None:
    whole = Handover.between(KEY, OTHER_KEY, "2026-11-22T03:14:07.000Z")
    assert not whole._replace(by_old=whole.by_new).holds
    assert not whole._replace(by_new=whole.by_old).holds
    assert not whole._replace(t="2026-11-23T03:14:07.000Z").holds
    assert not whole._replace(by_new="zz").holds


def test_a_journal_from_before_there_were_chains_is_not_continued(box: Box) -> None:
    with pytest.MonkeyPatch.context() as old:
        old.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        with closing(sqlite3.connect(box.path, isolation_level=None)) as file:
            migrations.migrate(file, box.path)
            file.execute("INSERT INTO journals VALUES (1, '01A', 'dx-yidong-01', 'box-1', 0, NULL)")
            file.execute("INSERT INTO lanes (journal, lane) VALUES (1, 'records'), (1, 'telemetry')")
            envelope = Envelope(Identity("dx-yidong-01", "box-1", "boot-1"), "01A")
            body = envelope.close(Lane.TELEMETRY, 1, "ntp", b'{"t":"2026-11-22T03:14:07Z"}')
            file.execute(
                "INSERT INTO blocks VALUES (?, 'telemetry', 0, 0, 1, 1, 'b', 'ntp', NULL, ?)",
                (box.key_of(Lane.TELEMETRY, 1), body),
            )
    with box.writing() as writer:
        assert writer.journal != "01A"
        assert writer.predecessor is not None
        assert (writer.predecessor.journal, writer.predecessor.telemetry) == ("01A", 1)
        box.telemetry(writer)
    broken = {lane.journal: lane.broken for lane in checked(box.path).lanes if lane.lane is Lane.TELEMETRY}
    assert broken["01A"] is not None
    assert broken["01A"].kind is Kind.UNSEALED
    assert broken[writer.journal] is None


texts = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, st.integers(0, 90), st.booleans()), min_size=1, max_size=12), st.data())
def test_whatever_is_written_holds_and_no_byte_of_a_block_may_change(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    box = Box(tmp_path_factory.mktemp("box"))
    with box.writing() as writer:
        for device, wait_s, is_record in said:
            box.at += wait_s * SECOND_NS
            if is_record:
                box.record(writer)
            else:
                body = b'{"device":"%s"}' % device.encode().hex().encode()
                writer.commit(Batch([Entry(Instant(box.at), body, 1)], [], {}, "ntp"))
    assert checked(box.path).holds
    lines = exported(box.path, box.folder / "export.jsonl")
    assert check_lines(box.folder, lines).holds
    at = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[at]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda new: new != lines[at][place]))
    lines[at] = lines[at][:place] + bytes([byte]) + lines[at][place + 1 :]
    assert not check_lines(box.folder, lines).holds


@given(st.binary(max_size=200))
def test_whatever_a_line_holds_is_a_seal_or_a_value_error(line: bytes) -> None:
    try:
        seal = read_seal(line)
    except ValueError:
        return
    assert seal.payload == line


@settings(deadline=None, max_examples=50)
@given(lines=st.lists(st.binary(max_size=60), max_size=6))
def test_a_file_of_anything_is_refused_and_never_an_error(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    assert not check_lines(folder, lines).holds
    assert EXPORT.every_signature
