"""A thousand advertisements a second from five thousand strangers, for a minute."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from simulators.bluez.bus import missing
from tests.bench.air import ADDRESSES, air

pytestmark = pytest.mark.skipif(missing("radio") is not None, reason=missing("radio") or "")

SECONDS = 60.0
EVERY_S = 1.0
LATEST_S = 2.0
MOST_BYTES = 20_000_000


@pytest.mark.slow
async def test_a_flood_of_strangers_neither_fills_the_memory_nor_delays_a_probe(tmp_path: Path) -> None:
    probes = ADDRESSES[:20]
    async with air(tmp_path, probes, flood=True) as around:
        ours, bleak = await asyncio.gather(
            around.ear("radio", *probes, seconds=SECONDS), around.ear("bleak", seconds=SECONDS)
        )
    assert ours.adverts > 700 * SECONDS, "a busy machine may hear a little less than 1,000 a second"
    assert ours.readings > 0.9 * len(probes) * SECONDS / EVERY_S
    assert ours.longest_pause_s < EVERY_S + LATEST_S
    assert ours.grew_bytes - bleak.grew_bytes <= MOST_BYTES
