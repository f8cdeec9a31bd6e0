"""Records are found again by what they are about, where and when; what recorders remember goes with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import orjson
import pytest

from edge.errors import JournalError
from edge.journal import finding, room, states, trail
from edge.journal.database import open_reader
from edge.journal.identity import Identity
from edge.journal.packing import Record
from edge.journal.states import Row
from edge.journal.store import Journal, Rules
from edge.journal.trail import Index, Link
from edge.journal.waiting import Batch, Committed
from edge.journal.writer import Writer
from tests.edge.journal.journal_rig import DAY_S, START, Box

TAG, LOT, CARCASS, ROOM = "cn-eartag:362292600000123", "lot:A-1", "carcass:2611220001", "place:chiller-1"


class Memory:
    """A recorder's rows, as the journal asks for them."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes | None] = {}

    def changed(self) -> Sequence[Row]:
        return [Row("slaughter.sheep", key, body) for key, body in self.rows.items()]

    def kept(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self.rows.get(row.key) == row.body:
                del self.rows[row.key]


def tell(journal: Journal, box: Box, name: str, *links: Link, revision: int = 1, place: str = "") -> None:
    """A record called ``name``."""
    index = Index(name, revision, box.at, box.at, place or None, (f"record:{name}",), links)
    journal.record("slaughter", box.at, orjson.dumps({"id": name, "revision": revision}), index)


def link(source: str, relation: str, target: str) -> Link:
    return Link(source, relation, target, START)


async def test_a_trail_leads_both_ways(box: Box) -> None:
    async with box.journal() as journal:
        tell(journal, box, "arrival", link(TAG, "of", LOT))
        tell(journal, box, "slaughter", link(TAG, "became", CARCASS), link(CARCASS, "entered", ROOM))
        await journal.flush()
        with closing(open_reader(box.path)) as reader:
            assert {each.target for each in trail.forward(reader, TAG, 9)} == {LOT, CARCASS}
            assert trail.back(reader, ROOM, 9) == [link(CARCASS, "entered", ROOM)]
            assert [each.id for each in trail.about(reader, TAG, 9)] == ["arrival", "slaughter"]
            [arrival] = trail.about(reader, LOT, 9)
            [(_, body)] = finding.bodies(reader, [arrival])
            assert body["id"] == "arrival"


async def test_the_newest_revision_holds_and_an_older_one_changes_nothing(box: Box) -> None:
    async with box.journal() as journal:
        tell(journal, box, "slaughter", link(TAG, "became", "carcass:wrong"))
        tell(journal, box, "slaughter", link(TAG, "became", CARCASS), revision=2, place="chiller-1")
        tell(journal, box, "slaughter", link(TAG, "became", "carcass:late"), revision=1)
        await journal.flush()
        with closing(open_reader(box.path)) as reader:
            assert trail.forward(reader, TAG, 9) == [link(TAG, "became", CARCASS)]
            [found] = finding.records(reader, ["slaughter"])
            assert (found.revision, found.place) == (2, "chiller-1")
            assert trail.about(reader, "carcass:wrong", 9) == []


async def test_what_retention_deletes_leaves_the_trail(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_EXPIRE_EVERY_S", 0.0)
    async with box.journal(Rules(keep_records_s=DAY_S)) as journal:
        tell(journal, box, "old", link(TAG, "became", CARCASS))
        await journal.flush()
        box.wait(2 * DAY_S)
        tell(journal, box, "new", link(CARCASS, "entered", ROOM))
        await journal.flush()
        tell(journal, box, "newer", link(CARCASS, "left", ROOM))
        await journal.flush()
        with closing(open_reader(box.path)) as reader:
            assert trail.forward(reader, TAG, 9) == []
            assert trail.about(reader, TAG, 9) == []
            assert {each.relation for each in trail.forward(reader, CARCASS, 9)} == {"entered", "left"}


async def test_what_retention_deletes_was_in_no_room(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_EXPIRE_EVERY_S", 0.0)
    stay = "SELECT count(*) FROM stays"
    async with box.journal(Rules(keep_records_s=DAY_S)) as journal:
        tell(journal, box, "old", link(CARCASS, "entered", ROOM))
        await journal.flush()
        with closing(open_reader(box.path)) as reader:
            assert reader.execute(stay).fetchone() == (1,)
        box.wait(2 * DAY_S)
        for key in ("new", "newer"):
            tell(journal, box, key, link(TAG, "became", CARCASS))
            await journal.flush()
        with closing(open_reader(box.path)) as reader:
            assert reader.execute(stay).fetchone() == (0,)


async def test_what_is_remembered_comes_back_after_a_power_cut_with_its_record(box: Box) -> None:
    memory = Memory()
    async with box.journal() as journal:
        journal.remember(memory)
        memory.rows = {"hook-1": b'{"tag":"1"}', "hook-2": b'{"tag":"2"}'}
        tell(journal, box, "first")
        await journal.flush()
        assert memory.rows == {}
        memory.rows = {"hook-1": None, "hook-2": b'{"tag":"3"}'}
        tell(journal, box, "second")
        await journal.flush()
        cut = box.after_power_cut(box.path.parent / "cut")
    async with cut.journal() as journal:
        assert await journal.remembered() == [Row("slaughter.sheep", "hook-2", b'{"tag":"3"}')]


async def test_what_a_failed_commit_did_not_keep_is_kept_by_the_next(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory()
    async with box.journal() as journal:
        journal.remember(memory)
        memory.rows = {"hook-1": b"{}"}
        tell(journal, box, "first")

        def fails(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        with monkeypatch.context() as broken:
            broken.setattr(trail, "add", fails)
            with pytest.raises(Exception, match="takes nothing"):
                await journal.flush()
        assert memory.rows == {"hook-1": b"{}"}
        assert await journal.remembered() == []
        await journal.flush()
        assert await journal.remembered() == [Row("slaughter.sheep", "hook-1", b"{}")]


async def test_what_is_remembered_without_a_record_is_flushed_like_one(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id of a command that makes no record: answered before it is on disk, it could be done twice."""
    memory = Memory()

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    async with box.journal() as journal:
        journal.remember(memory)
        memory.rows = {"c-1": b"1"}
        with monkeypatch.context() as broken:
            broken.setattr(states, "remember", fails)
            with pytest.raises(JournalError, match="takes nothing"):
                await journal.flush()
        await journal.flush()
        assert await journal.remembered() == [Row("slaughter.sheep", "c-1", b"1")]


def test_memory_never_runs_ahead_of_the_records_derived_from_it(box: Box) -> None:
    """A commit that has room for one record of two leaves what both were derived from to the next."""
    identity = Identity("dx-yidong-01", "box-1", "boot-1", operator="伊东羊业")
    with closing(Writer(box.path, identity, Rules(max_size_bytes=1_000_000), box.now)) as writer:
        pad = orjson.dumps({"pad": "x" * 20_000})
        records = [Record("slaughter", box.at, pad), Record("slaughter", box.at, pad)]
        batch = Batch([], records, {}, "ntp", states=[Row("slaughter.sheep", "count", b"2")])
        assert writer.commit(batch) == Committed(0, 1, more=True, states=False)
        assert writer.remembered() == []
        assert writer.commit(batch._replace(records=records[1:])).states
        assert len(writer.remembered()) == 1


async def test_the_newest_revision_is_read_with_its_nodes_and_links(box: Box) -> None:
    async with box.journal() as journal:
        entered = link(CARCASS, "entered", ROOM)
        tell(journal, box, "slaughter", entered)
        tell(journal, box, "slaughter", entered, revision=2)
        await journal.flush()
        found = await journal.newest_record("slaughter")
        assert found is not None
        assert found.body == {"id": "slaughter", "revision": 2}
        assert (set(found.nodes), found.links) == ({"record:slaughter", CARCASS, ROOM}, (entered,))
        assert await journal.newest_record("nobody") is None
