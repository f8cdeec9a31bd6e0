"""What people say is answered when it is on disk, on a journal that commits only when it is asked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.control import Refused
from edge.entering import Entering
from edge.facts import read_fact
from edge.instant import rfc3339
from edge.journal.block import Lane
from edge.journal.trail import Newest
from edge.recorders.corrections import Corrections
from edge.recorders.entered import Entered
from edge.recording import Recording
from tests.edge.journal.journal_rig import START, Box, blocks, record_of
from tests.edge.recorders.cold_store import ISSUER

SAID = {"subject": "lot:A-1", "action": "recalled"}
RECALL = {"fact": "recall", "values": SAID, "caller": "li"}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


async def test_it_is_on_disk_with_who_and_when(box: Box) -> None:
    async with box.journal() as journal:
        found: dict[str, Newest] = {}
        recording = Recording([Entered(ISSUER)], journal=journal, notice=lambda _: None)
        entering = Entering(recording, journal, found, box.now)
        answer = await entering.enter(RECALL)
        [block] = await blocks(journal, Lane.RECORDS)
        record = record_of(block)
        assert answer == {"records": [record["id"]]}
        by = {"kind": "person", "name": "li", "at": rfc3339(START)}
        assert record["source"]["basic.action"] == by


async def test_what_is_not_yet_on_disk_can_be_put_right(box: Box) -> None:
    async with box.journal() as journal:
        found: dict[str, Newest] = {}
        corrections = Corrections(found.get)
        recording = Recording(
            [Entered(ISSUER), corrections],
            journal=journal,
            notice=lambda _: None,
            amended=corrections.amended,
        )
        entering = Entering(recording, journal, found, box.now)
        [record] = recording.enter(read_fact("recall", SAID, by="li", entered=START))
        right = {"record": record, "field": "basic.action", "value": "stopped"}
        answer = await entering.enter({"fact": "correct", "values": right, "by": "李", "reason": "写错"})
        assert answer == {"records": [record]}
        newest = await journal.newest_record(record)
        assert newest is not None
        assert (newest.body["revision"], newest.body["basic"]["action"]) == (2, "stopped")
        assert found == {}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({}, "facts.unknown_kind"),
        ({"fact": 7}, "malformed_request"),
        ({"fact": "recall", "values": [1]}, "malformed_request"),
        ({**RECALL, "caller": ""}, "facts.nobody"),
        ({**RECALL, "at": "soon"}, "facts.no_time"),
        ({**RECALL, "at": "2027-01-01T00:00:00Z"}, "facts.to_come"),
        ({**RECALL, "fact": "trip"}, "facts.unfit"),
        (
            {"fact": "correct", "values": {"record": "x", "field": "y", "value": 1}, "by": "x"},
            "facts.no_reason",
        ),
    ],
)
async def test_what_does_not_hold_is_refused(box: Box, request_: dict[str, object], error: str) -> None:
    async with box.journal() as journal:
        recording = Recording([Entered(ISSUER)], journal=journal, notice=lambda _: None)
        with pytest.raises(Refused) as refused:
            await Entering(recording, journal, {}, box.now).enter(request_)
        assert refused.value.error == error
        assert await blocks(journal, Lane.RECORDS) == []
