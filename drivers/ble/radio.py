"""The source of all Bluetooth probes on an adapter: hears what they advertise, and connects to those that
speak only to whom they know."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from drivers import defects
from drivers.ble.advertisement import Advertisement, spelt
from drivers.ble.bluez import Adapter
from drivers.ble.changes import Changes
from drivers.ble.connection import Connection
from drivers.ble.news import News
from drivers.ble.probe import Connected
from drivers.ble.recovery import Ladder, Step
from drivers.ble.scan import scanning
from drivers.contract import (
    Device,
    Emit,
    Frame,
    Instant,
    LinkDown,
    NobodyAnswers,
    Now,
    Open,
    Port,
    Reason,
    Reject,
)

log = logging.getLogger(__name__)

WAITING: Final = 1000
"""Advertisements of our probes heard and not yet decoded; beyond, they are dropped and counted."""

CHECK_S: Final = 1.0
"""How often it is asked whether the radio has fallen silent."""


class _Probe:
    """A device and what is known of it. connection: of one that says nothing to everybody."""

    def __init__(self, device: Device) -> None:
        self.name = device.name
        self.news = News(device.decoder)
        self.connection = Connection(device) if isinstance(device.decoder, Connected) else None


class _Speaker:
    """Who speaks from an address: one device, or one for each channel of an instrument."""

    def __init__(self) -> None:
        self.probes: list[_Probe] = []
        self.changes = Changes({})


class _Heard(NamedTuple):
    speaker: _Speaker
    said: Advertisement
    at: Instant


class Radio:
    """One per adapter. What it learnt of its probes outlives a lost radio.

    It listens passively where BlueZ can and all its probes number what they say: of what is said again
    unchanged, BlueZ tells an active scan alone. A passive scan that fell silent is followed by an active one.
    """

    mixes: ClassVar[bool] = True

    def __init__(self, port: Port, open_link: Open, devices: Sequence[Device], now: Now) -> None:
        self.turns = 0
        self._adapter = port.where
        self._now = now
        self._speakers: defaultdict[str, _Speaker] = defaultdict(_Speaker)
        for device in devices:
            self._speakers[device.address].probes.append(_Probe(device))
        self._probes = [probe for speaker in self._speakers.values() for probe in speaker.probes]
        self._connections = [probe.connection for probe in self._probes if probe.connection]
        self._counts: Counter[str] = Counter()
        self._ladder = Ladder()
        self._passive = False
        self._refused = False
        self._queue: asyncio.Queue[_Heard] = asyncio.Queue(WAITING)

    async def run(self, emit: Emit) -> None:
        """Until cancelled. Raises LinkDown; nothing stays open in any case."""
        self._queue = asyncio.Queue(WAITING)
        turn = asyncio.Lock()
        async with Adapter(self._adapter) as adapter:
            await (adapter.power_cycle() if self._refused else adapter.switch_on())
            for address, speaker in self._speakers.items():
                self.turns += 1
                speaker.changes = Changes(adapter.remembered(address))
                if any(probe.connection for probe in speaker.probes):
                    await adapter.let_go(address)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(adapter.gone())
                    tasks.create_task(self._decode(emit))
                    tasks.create_task(self._listen(adapter))
                    for connection in self._connections:
                        tasks.create_task(connection.run(self._adapter, turn, emit, self._now))
            except BaseExceptionGroup as failures:
                raise _cause(failures) from None

    def ask(self, device: str) -> None:
        """A probe that can be read is read at once; the others talk when they like."""
        for connection in self._connections:
            if connection.name == device:
                connection.ask()

    def counters(self) -> dict[str, int | float]:
        """Since the start.

        adverts: heard of anybody. ours: of the probes. unchanged: ours that said nothing (RSSI alone).
        repeats: said before, by their number. limited: beyond the limit of an address. overrun: not decoded
        in time. passive: 1 while it listens without asking, else 0. restarts, power_cycles, gave_up: steps of
        the recovery. connected: probes that are. lost: connections that ended.
        """
        names = ("adverts", "ours", "unchanged", "overrun", "restarts", "power_cycles", "gave_up")
        return {
            **{name: self._counts[name] for name in names},
            "repeats": sum(probe.news.repeats for probe in self._probes),
            "limited": sum(probe.news.limited for probe in self._probes),
            "passive": int(self._passive),
            "connected": sum(connection.up for connection in self._connections),
            "lost": sum(connection.lost for connection in self._connections),
        }

    def _hear(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """bleak's callback, for all that is in the air: the first two lines are paid for every stranger."""
        self._counts["adverts"] += 1
        if (speaker := self._speakers.get(device.address)) is None:
            return
        self._counts["ours"] += 1
        now_s = asyncio.get_running_loop().time()
        connections = [probe.connection for probe in speaker.probes if probe.connection is not None]
        for connection in connections:
            self._ladder.begin(now_s)
            connection.seen(device)
        if len(connections) == len(speaker.probes):
            return
        self._ladder.heard(now_s)
        # bleak may change what platform_data holds; nothing else of it tells what was said from what is known
        said = speaker.changes.said(advertisement.platform_data[1], merged=self._passive)
        if said is None:
            self._counts["unchanged"] += 1
        elif self._queue.full():
            self._counts["overrun"] += 1
        else:
            self._queue.put_nowait(_Heard(speaker, said, self._now()))

    async def _decode(self, emit: Emit) -> None:
        while True:
            self._tell(emit, *await self._queue.get())

    def _tell(self, emit: Emit, speaker: _Speaker, said: Advertisement, at: Instant) -> None:
        """A frame that is not a device's is nobody's business until it is nobody's."""
        frame, now_s = Frame(spelt(said)), asyncio.get_running_loop().time()
        probes = [probe for probe in speaker.probes if probe.connection is None]
        strange: list[Reject] = []
        for probe in probes:
            try:
                with defects.refused():
                    observations = probe.news.of(frame, at, now_s)
            except Reject as reject:
                if reject.reason is Reason.NOT_MINE:
                    strange.append(reject)
                else:
                    emit.refuse(probe.name, reject, frame)
            else:
                if observations:
                    emit(probe.name, observations, frame)
        if len(strange) == len(probes):
            emit.refuse(probes[0].name, strange[0], frame)

    async def _listen(self, adapter: Adapter) -> None:
        """Scans, and does about a silence what the ladder says. Raises LinkDown."""
        loop = asyncio.get_running_loop()
        while True:
            self.turns += 1
            calm = self._numbered() and not self._ladder.begun
            self._refused = True
            async with scanning(self._adapter, self._hear, passive=calm) as passive:
                self._refused = False
                self._passive = passive
                self._ladder.begin(loop.time())
                step = await self._until_silent()
            if step is not None:
                await self._recover(adapter, step)

    async def _until_silent(self) -> Step | None:
        """What is due; None: only the kind of scan must change."""
        loop = asyncio.get_running_loop()
        foreign = self._foreign
        while self._numbered() or not self._passive:
            self.turns += 1
            await asyncio.sleep(CHECK_S)
            connected = sum(connection.up for connection in self._connections)
            if connected == len(self._probes):
                self._ladder.begin(loop.time())  # nobody has a reason to advertise
            elif step := self._ladder.step(loop.time(), alive=self._foreign > foreign):
                return Step.RESTART if step is Step.GIVE_UP and connected else step
        return None

    async def _recover(self, adapter: Adapter, step: Step) -> None:
        level = logging.WARNING if self._ladder.rounds <= 1 else logging.DEBUG
        log.log(level, "%s: nothing is heard of any probe; %s", self._adapter, step)
        match step:
            case Step.RESTART:
                self._counts["restarts"] += 1
            case Step.POWER:
                self._counts["power_cycles"] += 1
                await adapter.power_cycle()
            case Step.GIVE_UP:
                self._counts["gave_up"] += 1
                raise NobodyAnswers(
                    f"{self._adapter} hears nothing, after a new scan and switching it off and on: "
                    "look at its antenna and at the probes' batteries, then try another adapter"
                )

    def _numbered(self) -> bool:
        """Whether each of the probes numbers what it says, as far as it has spoken."""
        return all(probe.news.numbered for probe in self._probes if probe.connection is None)

    @property
    def _foreign(self) -> int:
        return self._counts["adverts"] - self._counts["ours"]


def _cause(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of several that failed together: a defect before a lost link, for it must not hide."""
    defects = [failure for failure in failures.exceptions if not isinstance(failure, LinkDown)]
    return (defects or list(failures.exceptions))[0]
