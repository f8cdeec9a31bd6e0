"""Whatever a broker answers: each block is delivered or set aside in the end, and no cursor runs ahead."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from edge.journal.block import Lane
from edge.uplinks import pace
from tests.edge.uplinks.scripted import Answer, Close, Publish, ScriptedBroker
from tests.edge.uplinks.standins import AlarmLog, MemoryOutbox, new_uplink, running, target, until

GOOD, FOR_NOW, FOR_GOOD = 0x00, 0x97, 0x99
RECORDS, TELEMETRY = 30, 80


class MoodyBroker(ScriptedBroker):
    """Answers at random until it has had enough of that; remembers which blocks it has taken."""

    def __init__(self, random: Random) -> None:
        super().__init__(self._decide_by_mood)
        self.random = random
        self.taken: set[bytes] = set()
        self.moody_for = 120
        self.delay_s = random.choice([0.0, 0.003])
        self.properties = b"\x21" + random.choice([1, 2, 3, 5, 20]).to_bytes(2)

    def _decide_by_mood(self, publish: Publish) -> Answer:
        answers: list[Answer] = [GOOD, FOR_NOW, FOR_GOOD, Close(None), Close(0x8B)]
        if len(self.published) > self.moody_for:
            answer: Answer = GOOD
        else:
            [answer] = self.random.choices(answers, [80, 6, 3, 8, 3])
        if answer == GOOD:
            self.taken.add(publish.payload)
        return answer


class WatchedOutbox(MemoryOutbox):
    """Looks over the shoulder of who moves a cursor."""

    def __init__(self, broker: MoodyBroker) -> None:
        super().__init__(disk_s=0.002)
        self._broker = broker

    async def acknowledge(self, uplink: str, journal: str, lane: Lane, seq: int) -> None:
        aside = {block.body for block, _ in self.quarantined}
        for block in self.blocks[journal, lane][:seq]:
            assert block.body in self._broker.taken | aside, f"{block.seq} is neither taken nor set aside"
        await super().acknowledge(uplink, journal, lane, seq)


@pytest.mark.parametrize("seed", range(12))
async def test_each_block_is_delivered_or_set_aside(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PAUSE_FIRST_S", 0.005)
    monkeypatch.setattr(pace, "PAUSE_MOST_S", 0.02)
    random = Random(seed)
    async with MoodyBroker(random) as broker:
        outbox = WatchedOutbox(broker)
        outbox.telemetry(TELEMETRY // 2)
        async with running(new_uplink(target(broker.port), outbox, AlarmLog())):
            for _ in range(RECORDS):
                outbox.commit(Lane.RECORDS, kind=random.choice(["gateway", "alarm", "slaughter"]))
                await asyncio.sleep(random.choice([0.0, 0.01, 0.03]))
            outbox.telemetry(TELEMETRY // 2)
            await until(lambda: (outbox.cursor(Lane.RECORDS), outbox.cursor()) == (RECORDS, TELEMETRY))
    assert len(broker.taken) + len(outbox.quarantined) >= RECORDS + TELEMETRY
    assert broker.unanswered_most <= int.from_bytes(broker.properties[1:])
