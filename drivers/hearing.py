"""Listening to a serial line whose settings nobody knows, and, if that is wanted, asking into its silence.

::

    silence                           for as long as is waited for a first byte: nobody talks
    bytes │ 3 s more │ understood     done
                     │ not understood  the next speed

Bytes come at a wrong speed too, though as other bytes: silence at one speed is silence at every. The line is
heard in 8N1, which tells 7E1 as well; no manual of a device that talks by itself names another setting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from drivers.contract import Link
from drivers.links.serial import Parity
from drivers.listener import Asked
from drivers.modbus.overheard import overheard
from drivers.recognition import Candidate, Understood, recognised, seven_even

SPEEDS: Final = (9600, 57600, 115200, 38400, 19200, 4800, 2400, 1200)
"""The most usual first; 2400 is that of many a scale."""

ASKED_SPEEDS: Final = (9600, 57600, 115200)
"""Those at which the readers that must be asked leave the factory."""

DWELL_S: Final = 3.0
"""From the first byte on: two whole epochs of a receiver that speaks once a second."""

ANSWER_S: Final = 0.4
TIMES_ASKED: Final = 3
"""A reader with an empty field says so each time, which is enough to know it."""

MOST_HEARD: Final = 16 * 1024
"""Bytes kept of a line that babbles."""

OpenAt = Callable[[int], Awaitable[Link]]
"""Opens the line at a speed, 8N1. Raises LinkDown."""


class Setting(NamedTuple):
    """How the line is set; baud in bits per second."""

    baud: int
    parity: Parity = "none"
    data_bits: int = 8


class Hearing(NamedTuple):
    """What a line said, and whose words those are. data: what came at the setting; none: silence. understood:
    by whom; nobody: the first bytes that came. bus: units of a Modbus conversation that others have there.
    speeds: at which it was listened to until then; all, unless it was understood or fell silent."""

    setting: Setting
    data: bytes = b""
    understood: Sequence[Understood] = ()
    bus: Sequence[int] = ()
    speeds: Sequence[int] = ()


async def hear(open_at: OpenAt, tried: Sequence[Candidate], wait_s: float) -> Hearing:
    """Listens, and writes nothing. wait_s: for the first byte at each speed. Raises LinkDown."""
    first: Hearing | None = None
    for count, baud in enumerate(SPEEDS, start=1):
        data = await _heard_at(open_at, baud, wait_s)
        hearing = made_of(data, baud, tried)
        if hearing.understood or hearing.bus:
            return hearing
        first = (first or hearing)._replace(speeds=SPEEDS[:count])
        if not data:
            break
    assert first is not None
    return first


async def ask(open_at: OpenAt, tried: Sequence[Candidate]) -> Hearing | None:
    """Puts each question of the readers that must be asked; None: nobody answers. Raises LinkDown."""
    for baud in ASKED_SPEEDS:
        link = await open_at(baud)
        try:
            for candidate in tried:
                data = await _answered(link, candidate)
                if understood := recognised(data, [candidate]):
                    return Hearing(Setting(baud), data, understood)
        finally:
            link.close()
    return None


def made_of(data: bytes, baud: int, tried: Sequence[Candidate]) -> Hearing:
    """What was heard in 8N1, by whoever understands it. Pure."""
    if understood := recognised(data, tried):
        return Hearing(Setting(baud), data, understood)
    characters = seven_even(data)
    if characters is not None and (understood := recognised(characters, tried)):
        return Hearing(Setting(baud, "even", 7), characters, understood)
    return Hearing(Setting(baud), data, bus=overheard(data))


async def _heard_at(open_at: OpenAt, baud: int, wait_s: float) -> bytes:
    link = await open_at(baud)
    try:
        return await _listened(link, wait_s, DWELL_S)
    finally:
        link.close()


async def _listened(link: Link, wait_s: float, dwell_s: float) -> bytes:
    """What comes within ``dwell_s`` of the first bytes, for which it is waited ``wait_s``."""
    data = b""
    try:
        async with asyncio.timeout(wait_s):
            data = await link.read()
        async with asyncio.timeout(dwell_s):
            while len(data) < MOST_HEARD:
                data += await link.read()
    except TimeoutError:
        pass  # silence is an answer too
    return data


async def _answered(link: Link, candidate: Candidate) -> bytes:
    data = b""
    if isinstance(candidate.decoder, Asked):
        for question in [*candidate.decoder.questions()] * TIMES_ASKED:
            await link.write(question)
            data += await _listened(link, ANSWER_S, ANSWER_S)
    return data
