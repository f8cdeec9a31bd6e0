"""One reading of one device, now: the verb `read`, with the daemon or without it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from drivers.contract import Driver, Instant, LinkDown, PortKind, Source
from edge import entries
from edge.alarms import Cause
from edge.clock import Clock
from edge.control import Refused
from edge.intake import Intake
from edge.journal.block import Entry
from edge.settings import Settings
from edge.wiring import intaken, sources

LONGEST_WAIT_S: Final = 10.0
"""A polled device answers at once or not at all; a person with a tag in hand needs a moment."""

LONGEST_WAIT_BLUETOOTH_S: Final = 60.0
"""A probe in the air measures when it likes, and saves its battery."""

FRAME_SHOWN_BYTES: Final = 512


def longest_wait_s(kind: PortKind) -> float:
    """How long a device on such a port may be waited for, in seconds, unless somebody says otherwise."""
    return LONGEST_WAIT_BLUETOOTH_S if kind == "bluetooth" else LONGEST_WAIT_S


async def read_next(intake: Intake, source: Source, device: str, wait_s: float) -> dict[str, Any]:
    """The next frame of a device whose source runs, and what it says. Raises Refused."""
    answer = asyncio.ensure_future(intake.next(device))
    source.ask(device)
    try:
        frame, observations = await asyncio.wait_for(answer, min(wait_s, 60.0))
    except TimeoutError:
        raise Refused("no_reading", device=device, seconds=wait_s) from None
    raw = intake.devices[device].raw
    said = [orjson.loads(entry.body) for entry in entries.encode(device, observations, raw)]
    return {"device": device, "frame": frame.data[:FRAME_SHOWN_BYTES].hex(" "), "observations": said}


async def read_directly(intake: Intake, source: Source, device: str, wait_s: float) -> dict[str, Any]:
    """The same where no daemon runs: opens the port for as long as it takes. Raises LinkDown, Refused."""
    running = asyncio.ensure_future(source.run(intake))
    reading = asyncio.ensure_future(read_next(intake, source, device, wait_s))
    try:
        await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            running.result()
            raise LinkDown(f"the port of {device} closed before it said anything")
        return reading.result()
    finally:
        for task in (running, reading):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, LinkDown):
                await task


async def read_alone(
    settings: Settings, drivers: Mapping[str, Driver], device: str, wait_s: float | None
) -> dict[str, Any]:
    """The verb `read` where no daemon holds the port; wait_s: None, as is usual. Raises LinkDown, Refused."""
    if device not in settings.devices:
        raise Refused("unknown_device", device=device)
    clock = Clock(trust_system=True)
    intake = Intake(
        [facts for facts in intaken(settings, drivers) if facts.name == device],
        journal=_Nowhere(),
        now=clock.now,
        alarms=_Nowhere(),
        offer=clock.offer,
        live=lambda _device, _body: None,
        lost=lambda _device, _at, _observations: None,
        recorded=lambda _device, _observations: None,
    )
    (source,) = sources(settings, drivers, clock.now, only=device).values()
    kind = settings.ports[settings.devices[device].port].kind
    return await read_directly(intake, source, device, wait_s or longest_wait_s(kind))


class _Nowhere:
    """Keeps nothing: a reading for a technician's eyes leaves no trace."""

    def observe(self, _entry: Entry) -> bool:
        return True

    def roll(self, _at: Instant, _values: Sequence[tuple[str, float]]) -> None: ...

    def raised(self, _cause: Cause, _subject: str, _detail: str) -> None: ...

    def cleared(self, _cause: Cause, _subject: str) -> None: ...
