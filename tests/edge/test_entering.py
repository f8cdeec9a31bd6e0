"""What people say is answered when it is on disk, on a journal that commits only when it is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.control import Refused
from edge.entering import Entering
from edge.facts import read_fact
from edge.instant import rfc3339
from edge.journal.block import Lane
from edge.journal.store import Journal
from edge.journal.trail import Newest
from edge.recorders.corrections import Corrections
from edge.recorders.entered import Entered
from edge.recording import Recording
from tests.edge.journal.journal_rig import START, Box, blocks, record_of
from tests.edge.recorders.cold_store import ISSUER
from tests.edge.recorders.test_dispatch import docks, sold

SAID = {"subject": "lot:A-1", "action": "recalled"}
RECALL = {"fact": "recall", "values": SAID, "caller": "li"}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


async def test_it_is_on_disk_with_who_and_when(box: Box) -> None:
    async with box.journal() as journal:
        found: dict[str, Newest | None] = {}
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
        found: dict[str, Newest | None] = {}
        corrections = Corrections(found)
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


class Racing:
    """A journal that takes so long to look that something else is derived meanwhile."""

    def __init__(self, journal: Journal, meanwhile: Callable[[], object]) -> None:
        self._journal = journal
        self._meanwhile = meanwhile

    async def flush(self) -> None:
        await self._journal.flush()

    async def newest_record(self, record: str) -> Newest | None:
        found = await self._journal.newest_record(record)
        self._meanwhile()
        return found


async def test_what_is_derived_while_a_word_is_on_its_way_is_what_it_puts_right(box: Box) -> None:
    async with box.journal() as journal:
        found: dict[str, Newest | None] = {}
        corrections = Corrections(found)
        recording = Recording(
            [docks(), corrections], journal=journal, notice=lambda _: None, amended=corrections.amended
        )
        [record] = recording.enter(sold(0, count=40))
        racing = Racing(journal, lambda: recording.enter(sold(60, count=38)))
        right = {"record": record, "field": "extended.location", "value": "2号月台"}
        request = {"fact": "correct", "values": right, "by": "李", "reason": "写错"}
        await Entering(recording, racing, found, box.now).enter(request)
        recording.enter(sold(120, count=37))
        await journal.flush()
        told = [record_of(block) for block in await blocks(journal, Lane.RECORDS)]
        assert [each["revision"] for each in told] == [1, 2, 3, 4]
        assert [each["basic"]["quantity"]["count"] for each in told] == [40, 38, 38, 37]
        assert [each["extended"].get("location") for each in told[2:]] == ["2号月台"] * 2


async def test_two_words_about_records_do_not_disturb_each_other(box: Box) -> None:
    async with box.journal() as journal:
        found: dict[str, Newest | None] = {}
        corrections = Corrections(found)
        recording = Recording(
            [docks(), corrections], journal=journal, notice=lambda _: None, amended=corrections.amended
        )
        [record] = recording.enter(sold(0))
        entering = Entering(recording, journal, found, box.now)
        requests = [
            {
                "fact": "correct",
                "values": {"record": record, "field": f, "value": v},
                "by": "李",
                "reason": "错",
            }
            for f, v in (("extended.location", "2号月台"), ("basic.quantity.count", 7))
        ]
        async with asyncio.TaskGroup() as tasks:
            for request in requests:
                tasks.create_task(entering.enter(request))
        newest = await journal.newest_record(record)
        assert newest is not None
        assert (newest.body["revision"], newest.body["basic"]["quantity"]["count"]) == (3, 7)
        assert newest.body["extended"]["location"] == "2号月台"
