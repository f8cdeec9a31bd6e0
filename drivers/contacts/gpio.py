"""The source for contacts on a chip.

::

    edge ──▶ its instant ──┐
                           ├──▶ decode ──▶ watch ──▶ emit
    levels, every second ──┘

The kernel debounces an edge and stamps it; the levels are looked at in between for the cadence, and in case
an edge was lost. A chip without interrupts has no edges: its levels are looked at 20 times a second, and the
watch debounces them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from drivers import defects
from drivers.contacts.chip import Lines, OpenLines, Wanted, open_lines
from drivers.contacts.contact import Contact
from drivers.contacts.watch import Watch
from drivers.contract import Device, Emit, Frame, Instant, Now, Open, Port, Reject

logger = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""Where edges come by themselves: so exact is the cadence."""

LOOK_WITHOUT_EDGES_S: Final = 0.05


class _Watched(NamedTuple):
    name: str
    contact: Contact
    watch: Watch


class Contacts:
    """All contacts of one chip."""

    mixes: ClassVar[bool] = False

    def __init__(
        self,
        port: Port,
        _open_link: Open,
        devices: Sequence[Device],
        now: Now,
        open_lines: OpenLines = open_lines,
    ) -> None:
        self.turns = 0
        self._port = port
        self._devices = devices
        self._now = now
        self._open_lines = open_lines
        self._watched: dict[int, _Watched] = {}
        self._woken = asyncio.Event()
        self._edges = 0
        self._looks = 0

    async def run(self, emit: Emit) -> None:
        """Until cancelled. Raises LinkDown; the lines are released in any case."""
        contacts = {_line(device): _contact(device) for device in self._devices}
        wanted = {line: Wanted(contact.bias, contact.settle_s) for line, contact in contacts.items()}
        lines = self._open_lines(self._port.where, wanted)
        if not lines.signals:
            logger.info("port %s: %s tells no edges; it is looked at", self._port.name, self._port.where)
        self._watched = {_line(device): _watched(device, lines.signals) for device in self._devices}
        loop = asyncio.get_running_loop()
        loop.add_reader(lines.fileno(), self._woken.set)
        try:
            await self._watch(lines, emit)
        finally:
            loop.remove_reader(lines.fileno())
            self._watched = {}
            lines.close()

    def ask(self, device: str) -> None:
        """Tells its state at once."""
        for watched in self._watched.values():
            if watched.name == device:
                watched.watch.ask()
                self._woken.set()

    def counters(self) -> dict[str, int | float]:
        """Since the start: edges that the kernel told, and looks at the levels."""
        return {"edges": self._edges, "looks": self._looks}

    async def _watch(self, lines: Lines, emit: Emit) -> None:
        look_s = LOOK_S if lines.signals else LOOK_WITHOUT_EDGES_S
        while True:
            self.turns += 1
            self._woken.clear()
            for edge in lines.edges():
                self._edges += 1
                age_ns = max(0, time.monotonic_ns() - edge.at_ns)
                self._see(edge.line, edge.high, Instant(self._now() - age_ns), emit)
            at = self._now()
            self._looks += 1
            for line, high in lines.levels().items():
                self._see(line, high, at, emit)
            try:
                async with asyncio.timeout(look_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _see(self, line: int, high: bool, at: Instant, emit: Emit) -> None:
        name, contact, watch = self._watched[line]
        level = bytes((high,))
        frame = Frame(level, (level,))
        try:
            with defects.refused():
                news = watch.news(contact.decode(frame, at))
        except Reject as reject:
            emit.refuse(name, reject, frame)
        else:
            if news:
                emit(name, news, frame)


def _contact(device: Device) -> Contact:
    if not isinstance(device.decoder, Contact):
        raise TypeError(f"{device.name}: on a chip there are contacts, not {type(device.decoder).__name__}")
    return device.decoder


def _line(device: Device) -> int:
    line = _contact(device).line
    if line is None:
        raise ValueError(f"{device.name}: a contact on a chip needs its line")
    return line


def _watched(device: Device, signals: bool) -> _Watched:
    """Where edges come by themselves, they are debounced already."""
    if device.every_s is None:
        raise ValueError(f"{device.name}: a contact needs a cadence")
    contact = _contact(device)
    return _Watched(device.name, contact, Watch(device.every_s, 0.0 if signals else contact.settle_s))
