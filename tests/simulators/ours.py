"""Our own drivers on a simulated port, as the gateway runs them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from drivers.catalogue import DRIVERS
from drivers.contract import Device, Fix, Frame, Instant, Link, Observation, Port, Reject, Sighting
from drivers.links.serial import open_serial
from drivers.links.tcp import open_tcp
from drivers.listener import Listener
from simulators.site import Site


class Heard:
    """What our drivers made of it, by device."""

    def __init__(self) -> None:
        self.codes: dict[str, list[str]] = {}
        self.fixes: list[Fix] = []
        self.refused: Counter[str] = Counter()

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        self.fixes += [item for item in observations if isinstance(item, Fix)]
        seen = [item.code.value for item in observations if isinstance(item, Sighting)]
        self.codes.setdefault(device, []).extend(seen)

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        self.refused[str(reject.reason)] += 1


@asynccontextmanager
async def listening(
    site: Site, port: str, driver: str, **devices: Mapping[str, Any]
) -> AsyncIterator[tuple[Heard, asyncio.Task[None]]]:
    """A listener on this port. devices: their options by name; the task ends when the link does."""

    async def open_link() -> Link:
        where = site.ports[port]
        if "serial" in where:
            return await open_serial(where["serial"])
        host, _, number = where["tcp"].partition(":")
        return await open_tcp(host, int(number))

    decoder = DRIVERS[driver].decoder
    hung = [
        Device(name, decoder(decoder.options.model_validate(options)), None)
        for name, options in devices.items()
    ]
    heard = Heard()
    listener = Listener(Port(port, "serial", timeout_s=0.3), open_link, hung, lambda: Instant(0))
    running = asyncio.create_task(listener.run(heard))
    try:
        yield heard, running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
