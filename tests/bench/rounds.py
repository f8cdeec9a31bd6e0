"""One round of measurements: what each of them does, and the numbers it gives."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from statistics import median, quantiles
from typing import Final, NamedTuple

from edge.control import NoDaemon, ask

from .air import above_bleak
from .consumer import Consumer
from .processes import Running
from .rig import Rig
from .site import FAST, IDLE, SATURATED, SLOW, Load
from .spine import with_and_without
from .verifying import blocks_per_s

BACKLOG: Final = 200_000
FIRST_S: Final = 30.0
"""Until something is delivered at all."""

DRAIN_S: Final = 120.0

Start = Callable[[Load], AbstractAsyncContextManager[Running]]
Samples = defaultdict[str, list[float]]
"""Of every metric (metrics.py), one number a round; those of the bare loop begin with ``bare.``."""


class Spans(NamedTuple):
    """How long each part of a round is looked at, in seconds."""

    warm_up: float
    slow: float
    fast: float
    saturated: float
    idle: float
    air: float


THOROUGH: Final = Spans(warm_up=5, slow=30, fast=20, saturated=10, idle=30, air=8)
QUICK: Final = Spans(warm_up=2, slow=10, fast=8, saturated=5, idle=10, air=4)


class Taken(NamedTuple):
    """What a stretch of work took."""

    readings: int
    seconds: float
    cpu_s: float
    written_bytes: int
    rss_peak_bytes: int


async def one_round(rig: Rig, spans: Spans, samples: Samples) -> None:
    """The gateway and the bare loop, turn by turn."""
    for prefix, start in (("", rig.gateway), ("bare.", rig.bare)):
        await _slow(rig, start, spans, samples, prefix)
        await _fast(rig, start, spans, samples, prefix)
        await _saturated(rig, start, spans, samples, prefix)
    await _idle(rig, spans, samples)
    await _repeated(rig, spans, samples)
    await _drain(rig, samples)
    for name, value in (await above_bleak(rig.folder, spans.air)).items():
        samples[name].append(value)
    for name, value in with_and_without(rig.folder).items():
        samples[name].append(value)
    samples["verified"].append(await asyncio.to_thread(blocks_per_s, rig.folder))


async def _slow(rig: Rig, start: Start, spans: Spans, samples: Samples, prefix: str) -> None:
    _forget_journal(rig)
    async with rig.far_side() as consumer:
        began = time.monotonic()
        async with start(SLOW) as program:
            samples[prefix + "cold_start_s"].append(await _first(consumer, program) - began)
            await asyncio.sleep(spans.warm_up)
            consumer.forget_latencies()
            taken = await _stretch(program, consumer, spans.slow)
    samples[prefix + "cpu_slow"].append(taken.cpu_s / taken.readings * 1000)
    samples[prefix + "written_slow"].append(taken.written_bytes / taken.readings)
    _latencies(samples, prefix + "durable", consumer.durable_s)
    if consumer.live_s:
        _latencies(samples, prefix + "live", consumer.live_s)


async def _fast(rig: Rig, start: Start, spans: Spans, samples: Samples, prefix: str) -> None:
    _forget_journal(rig)
    async with rig.far_side() as consumer, start(FAST) as program:
        await _first(consumer, program)
        await asyncio.sleep(spans.warm_up)
        taken = await _stretch(program, consumer, spans.fast)
    samples[prefix + "cpu_fast"].append(taken.cpu_s / taken.readings * 1000)
    samples[prefix + "written_fast"].append(taken.written_bytes / taken.readings)
    samples[prefix + "rss_mb"].append(taken.rss_peak_bytes / 1e6)


async def _saturated(rig: Rig, start: Start, spans: Spans, samples: Samples, prefix: str) -> None:
    _forget_journal(rig)
    async with rig.far_side() as consumer, start(SATURATED) as program:
        await _first(consumer, program)
        await asyncio.sleep(spans.warm_up)
        taken = await _stretch(program, consumer, spans.saturated)
    samples[prefix + "saturation"].append(taken.readings / taken.seconds)
    samples[prefix + "saturation_core"].append(taken.cpu_s / taken.seconds * 100)


async def _idle(rig: Rig, spans: Spans, samples: Samples) -> None:
    """Every device has been read once and is not due again before tomorrow."""
    _forget_journal(rig)
    async with rig.far_side() as consumer, rig.gateway(IDLE) as program:
        await _first(consumer, program)
        await asyncio.sleep(spans.warm_up)
        samples["idle"].append(await _share_of_a_core(program, spans.idle))


async def _repeated(rig: Rig, spans: Spans, samples: Samples) -> None:
    """A reader that says one tag fifty times a second."""
    _forget_journal(rig)
    async with rig.far_side() as consumer, rig.gateway_of_the_reader() as program:
        await _first(consumer, program)
        await asyncio.sleep(spans.warm_up)
        samples["repeated"].append(await _share_of_a_core(program, spans.idle))


async def _drain(rig: Rig, samples: Samples) -> None:
    """A journal that filled while there was no broker, then a gateway with nothing else to do."""
    _forget_journal(rig)
    async with rig.gateway(SATURATED) as program:
        while await _journalled(rig, program) < BACKLOG * 1.05:
            await asyncio.sleep(0.5)
    async with rig.far_side() as consumer, rig.gateway(IDLE) as program, asyncio.timeout(DRAIN_S):
        began = await _first(consumer, program)
        had = consumer.delivered
        ended = await consumer.reach(BACKLOG)
        samples["drain"].append((consumer.delivered - had) / (ended - began))


async def _journalled(rig: Rig, program: Running) -> int:
    """How many readings the running gateway has taken in."""
    if program.process.returncode is not None:
        raise RuntimeError(f"the gateway ended: {program.complaint()}")
    try:
        status = await ask(rig.journal, "status")
    except NoDaemon:
        return 0
    return sum(device["observed"] for device in status["devices"].values())


async def _first(consumer: Consumer, program: Running) -> float:
    """When the first block was delivered. Raises RuntimeError with the program's last words."""
    block, end = asyncio.create_task(consumer.next_block()), asyncio.create_task(program.process.wait())
    await asyncio.wait((block, end), timeout=FIRST_S, return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    if not block.done():
        block.cancel()
        raise RuntimeError(f"it delivered nothing, and its last words are: {program.complaint()}")
    return block.result()


async def _stretch(program: Running, consumer: Consumer, seconds: float) -> Taken:
    """From the arrival of one block to that of another, so that nothing half done is counted."""
    began = await consumer.next_block()
    before, had = program.usage(), consumer.delivered
    await asyncio.sleep(seconds)
    ended = await consumer.next_block()
    after = program.usage()
    return Taken(
        readings=consumer.delivered - had,
        seconds=ended - began,
        cpu_s=after.cpu_s - before.cpu_s,
        written_bytes=after.written_bytes - before.written_bytes,
        rss_peak_bytes=after.rss_peak_bytes,
    )


async def _share_of_a_core(program: Running, seconds: float) -> float:
    """In per cent, over this time."""
    before, began = program.usage(), time.monotonic()
    await asyncio.sleep(seconds)
    return (program.usage().cpu_s - before.cpu_s) / (time.monotonic() - began) * 100


def _latencies(samples: Samples, name: str, seconds: list[float]) -> None:
    samples[name + "_p50_ms"].append(median(seconds) * 1000)
    samples[name + "_p99_ms"].append(quantiles(seconds, n=100)[98] * 1000)


def _forget_journal(rig: Rig) -> None:
    for path in rig.folder.glob("journal.db*"):
        path.unlink()
