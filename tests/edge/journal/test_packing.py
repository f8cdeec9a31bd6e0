"""The bytes of blocks."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Instant
from edge.journal import packing
from edge.journal.block import MAX_BYTES, MAX_OBSERVATIONS, Entry, Lane
from edge.journal.identity import Identity
from edge.journal.packing import Envelope, Record

ENVELOPE = Envelope(Identity("dx-yidong-01", "machine", "boot-1"), "01K0J")


def test_a_telemetry_block_is_the_entries_as_they_came_and_says_who_where_and_when() -> None:
    air = b'{"t":"2026-11-22T03:14:07.120Z","device":"chiller-1-air","temperature":3.4}'
    tag = b'{"t":"2026-11-22T03:14:08.002Z","device":"ear-tags","code":{"scheme":"cn-eartag","value":"3"}}'
    entries = [Entry(Instant(8), tag, 1), Entry(Instant(7), air, 1)]
    (draft,) = packing.telemetry(entries, ENVELOPE.room)
    assert (draft.kind, draft.first, draft.last, draft.observations, draft.taken) == ("telemetry", 7, 8, 2, 2)
    assert ENVELOPE.close(Lane.TELEMETRY, 10231, "ntp", draft.content) == (
        b'{"v":1,"gateway":"dx-yidong-01","journal":"01K0J","lane":"telemetry","seq":10231,"boot":"boot-1",'
        b'"clock":"ntp","observations":[' + tag + b"," + air + b"]}"
    )


def test_a_record_block_carries_one_record() -> None:
    (draft,) = packing.records([Record("alarm", Instant(9), b'{"kind":"alarm"}')])
    assert (draft.kind, draft.first, draft.last, draft.observations, draft.taken) == ("alarm", 9, 9, 0, 1)
    assert ENVELOPE.close(Lane.RECORDS, 1, "unsynced", draft.content) == (
        b'{"v":1,"gateway":"dx-yidong-01","journal":"01K0J","lane":"records","seq":1,"boot":"boot-1",'
        b'"clock":"unsynced","record":{"kind":"alarm"}}'
    )


def test_names_that_json_must_escape_are_escaped() -> None:
    envelope = Envelope(Identity('a"b', "machine", "启动"), "01K0J")
    block = orjson.loads(envelope.close(Lane.RECORDS, 1, "ntp", b"{}"))
    assert (block["gateway"], block["boot"]) == ('a"b', "启动")


def test_an_entry_that_just_fits_fills_a_block_alone() -> None:
    full = Entry(Instant(1), b'"' + b"x" * (ENVELOPE.room - 2) + b'"', 1)
    drafts = list(packing.telemetry([full, full], ENVELOPE.room))
    assert [draft.taken for draft in drafts] == [1, 1]
    longest = ENVELOPE.close(Lane.TELEMETRY, (1 << 40) - 1, "x" * 16, drafts[0].content)
    assert len(longest) == MAX_BYTES


def test_two_entries_that_just_fit_share_a_block() -> None:
    half = Entry(Instant(1), b"x" * (ENVELOPE.room // 2), 1)
    rest = Entry(Instant(1), b"x" * (ENVELOPE.room - 1 - len(half.body)), 1)
    longer = Entry(Instant(1), rest.body + b"x", 1)
    assert [draft.taken for draft in packing.telemetry([half, rest], ENVELOPE.room)] == [2]
    assert [draft.taken for draft in packing.telemetry([half, longer], ENVELOPE.room)] == [1, 1]


def test_five_hundred_observations_and_not_one_more() -> None:
    entries = [Entry(Instant(1), b"{}", 10) for _ in range(101)]
    assert [draft.observations for draft in packing.telemetry(entries, ENVELOPE.room)] == [500, 500, 10]


@given(
    st.lists(
        st.tuples(st.integers(1, MAX_OBSERVATIONS), st.integers(2, ENVELOPE.room), st.integers(0, 9)),
        max_size=60,
    )
)
def test_whatever_comes_goes_in_order_into_blocks_within_bounds(
    said: list[tuple[int, int, int]],
) -> None:
    entries = [
        Entry(Instant(at), b'"' + b"%d" % (at % 10) * (size - 2) + b'"', observations)
        for observations, size, at in said
    ]
    drafts = list(packing.telemetry(entries, ENVELOPE.room))
    held: list[str] = []
    for draft in drafts:
        taken = entries[len(held) : len(held) + draft.taken]
        block = ENVELOPE.close(Lane.TELEMETRY, 1, "ntp", draft.content)
        held += orjson.loads(block)["observations"]
        assert len(block) <= MAX_BYTES
        assert draft.observations == sum(entry.observations for entry in taken) <= MAX_OBSERVATIONS
        assert draft.first == min(entry.at for entry in taken)
        assert draft.last == max(entry.at for entry in taken)
    assert held == [orjson.loads(entry.body) for entry in entries]
    taken_so_far = 0
    for draft in drafts[:-1]:  # no block ends before it must
        taken_so_far += draft.taken
        following = entries[taken_so_far]
        too_many = draft.observations + following.observations > MAX_OBSERVATIONS
        assert too_many or len(draft.content) + 1 + len(following.body) > ENVELOPE.room


def test_a_commit_takes_what_fits_and_one_block_at_least() -> None:
    drafts = list(packing.records([Record("k", Instant(1), b"x" * 100)] * 5))
    assert len(list(packing.within(drafts, 250))) == 2
    assert len(list(packing.within(drafts, 10))) == 1
    assert len(list(packing.within([], 10))) == 0
