"""What lines do: they fall and rise, go silent, swallow, drip, crawl."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from tests.faults.network.passages import OneByteAtATime, Slow, WithoutPubacks, first
from tests.faults.network.trial import BUSY_S, Place, Trial, trial
from tests.faults.table import Row
from tests.proxy import Passage

KEEPALIVE_S: Final = 5.0
"""Of every trial; the least that the settings allow."""

ACKNOWLEDGED_FIRST: Final = 20
"""Before the others are eaten: so many are on their way then as can be."""

SLOW_BYTES_PER_S: Final = 2000
SLOW_LATENCY_S: Final = 0.8
SLOW_RECEIVE_BYTES: Final = 4096


async def down_and_up(place: Place, down_s: float, up_s: float, times: int) -> Row:
    """Every connection is reset and new ones are refused, then all is well again, so many times."""
    async with trial(place) as held:
        await held.flowing()
        for _ in range(times):
            held.faults += 1
            held.link.accepts = False
            held.link.reset()
            await asyncio.sleep(down_s)
            await held.resume(held.link.heal)
            await asyncio.sleep(up_s)
        await held.settle()
        return held.row(f"down {down_s:g} s, up {up_s:g} s")


async def acknowledgements_eaten(place: Place, times: int) -> Row:
    """A connection passes everything but PUBACKs; it is given up within 2 × keepalive, the next is good."""
    async with trial(place) as held:
        await held.flowing()
        noticed_s = 0.0
        for _ in range(times):
            held.faults += 2  # the reset that makes room for the eater, and what it eats
            noticed_s = max(noticed_s, await _eat(held))
            await held.flowing(30)
        await held.settle()
        held.expect("given up within 2 × keepalive", noticed_s < 2 * KEEPALIVE_S + BUSY_S)
        return held.row("PUBACKs eaten", noticed_s=noticed_s)


async def _eat(held: Trial) -> float:
    """In how many seconds it is given up."""
    eater = WithoutPubacks(ACKNOWLEDGED_FIRST)
    held.link.down = first(eater)
    held.link.reset()
    await held.until(lambda: eater.eaten > 0, "it is connected again")
    return await held.until(lambda: held.gateway.uplink["state"] != "connected", "it is given up")


async def half_open(place: Place, times: int) -> Row:
    """Nothing passes over the connection any more and nobody closes it; a new one would be good."""
    async with trial(place) as held:
        await held.flowing()
        for _ in range(times):
            held.faults += 1
            await held.resume(held.link.strand, quiet=False, within_s=2 * KEEPALIVE_S + BUSY_S)
            await held.flowing(30)
        await held.settle()
        return held.row("half-open")


async def silent(place: Place, silent_s: float) -> Row:
    """Nothing passes at all, over old connections and new ones, and nobody closes anything."""
    async with trial(place) as held:
        await held.flowing()
        held.faults += 1
        held.link.silence()
        await asyncio.sleep(silent_s)
        held.link.heal()
        held.link.reset()
        await held.resume(held.link.heal)
        await held.settle()
        held.expect("storing never pauses", held.gateway.longest_pause_s() < BUSY_S)
        return held.row(f"silent for {silent_s:g} s")


async def one_byte_at_a_time(place: Place, seconds: float) -> Row:
    """Every byte is a packet of its own, both ways."""
    async with trial(place, per_second=100) as held:
        held.link.up = held.link.down = OneByteAtATime
        held.faults += 1
        held.link.reset()
        await asyncio.sleep(seconds)
        await held.settle()
        held.expect("one connection is enough", held.link.connections <= 2)
        return held.row("one byte at a time")


async def slow(place: Place, seconds: float, per_second: float) -> Row:
    """2,000 bytes a second and 800 ms each way, for a while; what it could not take arrives afterwards."""
    async with trial(place, receive_bytes=SLOW_RECEIVE_BYTES, per_second=per_second) as held:
        held.link.up = held.link.down = partial(Slow, SLOW_BYTES_PER_S)
        held.link.latency_s = SLOW_LATENCY_S
        held.link.reset()
        await held.flowing(1)
        begun, standing = len(set(held.listener.heard)), held.link.connections
        await asyncio.sleep(seconds)
        arrived = len(set(held.listener.heard)) - begun
        given_up = held.link.connections - standing
        held.faults += 2 + given_up
        held.expect("it is not given up while it moves", given_up == 0)
        held.expect("blocks arrive meanwhile", arrived > seconds / 4)
        held.link.up, held.link.down, held.link.latency_s = Passage, Passage, 0.0
        held.link.reset()
        await held.settle()
        return held.row(f"2,000 bytes/s for {per_second:g}/s")
