"""A cut after each of the first bytes of a connection, counted from the CONNECT, up and down.

Each cut is a life of a gateway: it starts with a backlog, its first connection is cut at that byte, the
second is good, and the life ends when all has arrived. Several gateways live side by side, each with a
journal that it keeps from life to life.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Final, Literal, NamedTuple, TypeAlias

from tests.faults.network.fed import FedGateway
from tests.faults.network.passages import CutAfter, first
from tests.faults.network.trial import Listener, Place, Resumption, Trial, listening
from tests.faults.table import Row
from tests.mosquitto import Broker
from tests.proxy import Passage, Proxy

FIRST_BYTES: Final = 400
SIDE_BY_SIDE: Final = 6
PUBACK_BYTES: Final = 4
BACKLOG_MORE: Final = 25
"""Records beyond those whose PUBACKs lie before the cut: they are on their way then, or wait."""

Way: TypeAlias = Literal["up", "down"]


class Cut(NamedTuple):
    """After so many bytes of the first connection, of what goes to the broker or of what comes from it."""

    way: Way
    after: int


ALL: Final = tuple(Cut(way, after) for after in range(1, FIRST_BYTES + 1) for way in ("up", "down"))


async def cuts(place: Place, chosen: Sequence[Cut]) -> list[Row]:
    """Tries these; a row for each way."""
    ways: tuple[Way, ...] = ("up", "down")
    return [await _cuts(place, way, [cut for cut in chosen if cut.way == way]) for way in ways]


async def _cuts(place: Place, way: Way, chosen: Sequence[Cut]) -> Row:
    folder = place.folder / way
    folder.mkdir(parents=True)
    listener, left = Listener(), iter(chosen)
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker(place.mosquitto, folder))
        await stack.enter_async_context(listening(listener, broker.port))
        links = [await stack.enter_async_context(Proxy(broker.port)) for _ in range(SIDE_BY_SIDE)]
        boxes = [
            FedGateway(folder / f"box-{number}", link.port, name=f"rig-{number}")
            for number, link in enumerate(links)
        ]
        held = Trial(boxes[0], links[0], broker, listener, others=boxes[1:])
        async with asyncio.TaskGroup() as tasks:
            for box, link in zip(boxes, links, strict=True):
                tasks.create_task(_lives(held, box, link, left))
        for box in boxes:
            await stack.enter_async_context(box)
        await held.settle(*boxes)
        return held.row(f"cut after each byte, {way}")


async def _lives(held: Trial, box: FedGateway, link: Proxy, left: Iterator[Cut]) -> None:
    for cut in left:
        held.faults += 1
        passage = CutAfter(cut.after)
        async with box:  # it has asked the broker for its seals, over a connection of its own
            link.connections = 0
            link.up = first(passage) if cut.way == "up" else Passage
            link.down = first(passage) if cut.way == "down" else Passage
            for number in range(cut.after // PUBACK_BYTES + BACKLOG_MORE):
                box.gateway.own.event("holds", {"number": number}, key=f"/{number}")
            await held.until(lambda: passage.has_cut, f"{cut} comes")  # noqa: B023 - called before the next
            wait_s = await held.settle(box)
            held.resumptions.append(Resumption(0, 0, 0, wait_s))
            held.expect(f"{cut}: one more connection is enough", link.connections == 2)
        link.up = link.down = Passage
