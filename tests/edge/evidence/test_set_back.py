"""A disk that was set back, as seals that others have kept tell; and one that came from another box."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge.evidence.seals import Seal, read_seal
from edge.journal.block import Lane
from edge.journal.identity import Reason
from edge.journal.rules import Rules as JournalRules
from tests.edge.evidence.evidence_rig import DAY_S, KEY, SECOND_NS, Box, checked, newest_seal


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def set_back(box: Box) -> Seal:
    """Yesterday's copy of the disk is back in its place. What the newest seal had been until then."""
    box.written(telemetry=5, records=2)
    copy = shutil.copy(box.path, box.folder / "yesterday.db")
    box.written(telemetry=5, records=2)
    witnessed = newest_seal(box.path, Lane.TELEMETRY)
    shutil.move(copy, box.path)
    return witnessed


def signed(seal: Seal, **changes: object) -> Seal:
    return seal._replace(**changes).signed_by(KEY)  # type: ignore[arg-type]  # as the test names them


def test_a_journal_behind_its_own_seal_is_not_continued(box: Box) -> None:
    witnessed = set_back(box)
    assert (witnessed.seq, newest_seal(box.path, Lane.TELEMETRY).seq) == (10, 5)
    with box.writing([witnessed]) as writer:
        before = writer.predecessor
        assert before is not None
        assert writer.journal != before.journal == witnessed.journal
        assert (before.reason, before.records, before.telemetry) == (Reason.SET_BACK, 2, 5)
        assert before.witnessed is not None
        assert read_seal(before.witnessed.encode()) == witnessed
    with box.writing() as again:
        assert again.journal == writer.journal
        assert again.predecessor is not None, "no record has named it yet"
        assert (again.predecessor.reason, again.predecessor.witnessed) == (Reason.SET_BACK, None)
        box.record(again)
    with box.writing([witnessed]) as later:
        assert later.journal == writer.journal, "what was noticed once is not noticed again"
        assert later.predecessor is None
    assert checked(box.path).holds


def test_other_blocks_under_the_same_numbers_are_noticed(box: Box) -> None:
    witnessed = set_back(box)
    box.written(telemetry=9, records=0)
    assert newest_seal(box.path, Lane.TELEMETRY).seq > witnessed.seq
    with box.writing([witnessed]) as writer:
        assert writer.predecessor is not None
        assert writer.predecessor.reason is Reason.SET_BACK


def test_what_the_journal_knows_of_is_no_news(box: Box) -> None:
    box.rules = JournalRules(keep_telemetry_s=DAY_S)
    box.written(telemetry=12, records=4)
    old = [newest_seal(box.path, lane) for lane in Lane]
    with box.writing(old) as writer:
        assert writer.predecessor is None
        box.at += 2 * DAY_S * SECOND_NS
        while writer.expire("ntp") is not None:
            pass
        box.telemetry(writer)
    with box.writing(old) as writer:
        assert writer.predecessor is None, "those blocks are pruned"


@pytest.mark.parametrize(("journal", "noticed"), [("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", True), ("0", False)])
def test_a_later_journal_that_the_file_does_not_know_was_on_this_disk(
    box: Box, journal: str, noticed: bool
) -> None:
    box.written()
    elsewhere = signed(newest_seal(box.path, Lane.RECORDS), journal=journal)
    with box.writing([elsewhere]) as writer:
        assert (writer.predecessor is not None) is noticed


def test_a_running_journal_begins_anew_where_a_seal_comes_late(box: Box) -> None:
    witnessed = set_back(box)
    with box.writing() as writer:
        box.telemetry(writer, 2)
        before = writer.journal
        assert writer.begin_anew([witnessed])
        assert writer.journal != before
        assert writer.predecessor is not None
        assert (writer.predecessor.telemetry, writer.predecessor.reason) == (7, Reason.SET_BACK)
        assert not writer.begin_anew([witnessed])
        box.telemetry(writer, 3)
        box.record(writer)
        assert writer.standing.lane(writer.journal, Lane.TELEMETRY).head == 3
        assert {seal.journal for seal in writer.sealing.last.values()} == {before}
    assert checked(box.path).holds


def test_another_machine_and_a_file_that_was_set_aside_are_told_apart(box: Box) -> None:
    box.written()
    box.machine = "box-2"
    with box.writing() as writer:
        assert writer.predecessor is not None
        assert writer.predecessor.reason is Reason.MACHINE
        box.record(writer)
    with box.tampering() as file:
        file.execute("UPDATE journals SET ended = 'damaged' WHERE id = ?", (writer.journal,))
    with box.writing() as after:
        assert after.predecessor is not None
        assert (after.predecessor.journal, after.predecessor.reason) == (writer.journal, Reason.DAMAGED)
