"""The journal against a model in plain Python, through whatever may happen in a gateway's life."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from drivers.contract import NANOSECONDS, Instant
from edge.journal.block import Block, Entry, Lane
from edge.journal.store import Journal, Rules
from tests.edge.journal.journal_rig import DAY_S, Box, blocks, record_of

RULES = Rules(keep_records_s=9 * DAY_S, keep_telemetry_s=3 * DAY_S)
KEEP_DAYS = {Lane.RECORDS: 9, Lane.TELEMETRY: 3}
UPLINKS = st.sampled_from(["platform", "trend"])


@dataclass
class ModelBlock:
    """What is in it, and when it was said."""

    said: list[int]
    at: Instant


@dataclass
class ModelLane:
    """All blocks ever; the first ``pruned`` of them are gone. cursors by uplink."""

    blocks: list[ModelBlock] = field(default_factory=list)
    pruned: int = 0
    cursors: dict[str, int] = field(default_factory=dict)


class GatewaysLife(RuleBasedStateMachine):
    """Says numbers, acknowledges, ages, closes, loses power, is cloned."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folders = tempfile.TemporaryDirectory()
        self.lives = 0
        self.said = 0
        self.waiting: dict[Lane, list[int]] = {lane: [] for lane in Lane}
        self.model: dict[tuple[str, Lane], ModelLane] = {}
        self.given_up: Counter[str | None] = Counter()
        self.told_given_up: Counter[str | None] = Counter()

    @initialize()
    def begin(self) -> None:
        folder = Path(self.folders.name) / "0"
        folder.mkdir()
        self.box = Box(folder)
        self.open()

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.runner.run(self.journal.close())
        self.runner.close()
        self.folders.cleanup()

    def open(self) -> None:
        known = list(self.model.values())
        self.journal: Journal = self.runner.run(self.box.open(RULES))
        for lane in Lane:
            fresh = ModelLane(cursors=dict.fromkeys(known[-1].cursors, 0) if known else {})
            self.model.setdefault((self.journal.id, lane), fresh)

    def lane(self, lane: Lane) -> ModelLane:
        return self.model[self.journal.id, lane]

    @rule(
        count=st.integers(1, 5), observations=st.sampled_from([1, 10, 300]), size=st.sampled_from([0, 12_000])
    )
    def observe(self, count: int, observations: int, size: int) -> None:
        for _ in range(count):
            body = orjson.dumps({"n": self.said, "pad": "x" * size})
            assert self.runner.run(observed(self.journal, Entry(self.box.at, body, observations)))
            self.waiting[Lane.TELEMETRY].append(self.said)
            self.said += 1

    @rule()
    def record(self) -> None:
        self.journal.record("storage", self.box.at, orjson.dumps({"n": self.said}))
        self.waiting[Lane.RECORDS].append(self.said)
        self.said += 1

    @rule()
    def flush(self) -> None:
        self.runner.run(self.journal.flush())
        self.committed()

    @rule(uplink=UPLINKS, oldest=st.booleans())
    def register(self, uplink: str, oldest: bool) -> None:
        self.runner.run(self.journal.register(uplink, "oldest" if oldest else "now"))
        for lane in self.model.values():
            lane.cursors.setdefault(uplink, lane.pruned if oldest else len(lane.blocks))

    @rule(uplink=UPLINKS)
    def forget(self, uplink: str) -> None:
        self.runner.run(self.journal.forget(uplink))
        for lane in self.model.values():
            lane.cursors.pop(uplink, None)

    @precondition(lambda self: any(lane.cursors for lane in self.model.values()))
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        journal, lane = data.draw(st.sampled_from(list(self.model)))
        model = self.model[journal, lane]
        uplink = data.draw(st.sampled_from(sorted(model.cursors)))
        seq = data.draw(st.integers(0, len(model.blocks)))
        self.runner.run(self.journal.acknowledge(uplink, journal, lane, seq))
        if seq > model.cursors[uplink]:
            self.committed()  # what waited rode along
        model.cursors[uplink] = max(seq, model.cursors[uplink])

    @rule()
    def restart(self) -> None:
        self.runner.run(self.journal.close())
        self.open()
        self.committed()

    @rule()
    def lose_power(self) -> None:
        self.lives += 1
        after = self.box.after_power_cut(Path(self.folders.name) / str(self.lives))
        self.runner.run(self.journal.close())
        self.box = after
        self.waiting = {lane: [] for lane in Lane}
        self.open()

    @rule()
    def be_cloned(self) -> None:
        old = self.journal.id
        self.runner.run(self.journal.close())
        self.journal = self.runner.run(self.box.open(RULES))
        self.committed()
        self.runner.run(self.journal.close())
        self.box.machine += "'"
        self.open()
        assert self.journal.predecessor is not None
        assert self.journal.predecessor.journal == old
        assert self.journal.predecessor.records == len(self.model[old, Lane.RECORDS].blocks)
        assert self.journal.predecessor.telemetry == len(self.model[old, Lane.TELEMETRY].blocks)

    @rule(days=st.integers(1, 4))
    def grow_old(self, days: int) -> None:
        self.restart()
        self.box.wait(days * DAY_S)
        self.runner.run(self.journal.close())
        self.open()
        for _ in range(2 * len(self.model) + 1):  # one step of one lane with each
            self.runner.run(self.journal.flush())
        for (_, name), lane in self.model.items():
            self.expire(name, lane)
        self.committed()

    def expire(self, name: Lane, model: ModelLane) -> None:
        horizon = self.box.at - KEEP_DAYS[name] * DAY_S * NANOSECONDS
        while model.pruned < len(model.blocks) and model.blocks[model.pruned].at < horizon:
            model.pruned += 1
            for uplink, cursor in model.cursors.items():
                if cursor < model.pruned:
                    model.cursors[uplink] = model.pruned
                    self.given_up[uplink] += 1

    def committed(self) -> None:
        """What waited is in new blocks now, in order; what the journal says of gaps is noted."""
        for name in Lane:
            model = self.lane(name)
            for block in self.runner.run(blocks(self.journal, name, after=len(model.blocks))):
                said = numbers(block)
                assert block.seq == len(model.blocks) + 1
                assert self.waiting[name][: len(said)] == said
                del self.waiting[name][: len(said)]
                model.blocks.append(ModelBlock(said, self.box.at))
                if block.kind == "gateway":
                    facts = record_of(block)["facts"]
                    assert facts["reason"] == "age"
                    self.told_given_up[facts["uplink"]] += facts["last_seq"] - facts["first_seq"] + 1
            assert self.waiting[name] == []

    @invariant()
    def every_lane_holds_what_was_said_and_not_pruned(self) -> None:
        for (journal, name), model in self.model.items():
            found = self.runner.run(blocks(self.journal, name, journal))
            assert [block.seq for block in found] == list(range(model.pruned + 1, len(model.blocks) + 1))
            assert [numbers(block) for block in found] == [b.said for b in model.blocks[model.pruned :]]

    @invariant()
    def what_is_owed_is_what_was_not_acknowledged(self) -> None:
        for uplink in ("platform", "trend"):
            assert [tuple(owed) for owed in self.runner.run(self.journal.owed(uplink))] == [
                (journal, lane, model.cursors[uplink], len(model.blocks))
                for (journal, lane), model in self.model.items()
                if model.cursors.get(uplink, len(model.blocks)) < len(model.blocks)
            ]

    @invariant()
    def every_gap_is_told(self) -> None:
        assert self.told_given_up == self.given_up


async def observed(journal: Journal, entry: Entry) -> bool:
    """Within the loop, as the journal needs it."""
    return journal.observe(entry)


def numbers(block: Block) -> list[int]:
    """What was said in it; nothing in the journal's own records."""
    if block.lane is Lane.RECORDS:
        return [record_of(block)["n"]] if block.kind == "storage" else []
    return [entry["n"] for entry in orjson.loads(block.body)["observations"]]


TestGatewaysLife = GatewaysLife.TestCase
TestGatewaysLife.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
