"""The composition root: settings in, running daemon out. The only importer of the drivers' catalogue.

::

    ports ──source──▶ intake ──▶ journal ──▶ uplinks
                        └── live values ────────┘
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from drivers.catalogue import DRIVERS
from drivers.contract import Instant, NobodyAnswers
from edge import settings as schema
from edge import status
from edge.alarms import Cause
from edge.clock import Clock, Machine, machine_id
from edge.commands.carrying import Commands
from edge.control import ControlSocket, Refused, socket_path
from edge.diagnosis import running as diagnosis
from edge.entering import Entering
from edge.errors import JournalError, SettingsError, UplinkDown
from edge.evidence.holding import handed_over, its_own, signing_key
from edge.evidence.seals import Seal
from edge.holds import HoldLists
from edge.intake import Intake
from edge.journal.block import Entry
from edge.journal.store import Identity, Journal, Rules
from edge.journal.trail import Newest
from edge.own_records import OwnRecords
from edge.reading import longest_wait_s, read_directly, read_next
from edge.reckoning import Reckoning, taken_up
from edge.recorders.commanded import Commanded
from edge.recorders.corrections import Corrections
from edge.recorders.holds import Holds
from edge.recording import Recording
from edge.scan import Found, found
from edge.settings import Settings
from edge.supervisor import PATIENCE_S, Health, supervise
from edge.systemd import notify, watchdog_s
from edge.uplinks.contract import Uplink
from edge.uplinks.mqtt import MqttUplink, Target
from edge.uplinks.seals import kept_by
from edge.uplinks.store import Store
from edge.watchdog import Watchdog
from edge.wiring import (
    allowed,
    holds,
    instruments,
    intaken,
    known,
    recorders,
    sources,
    stores,
    targets,
    to_stores,
)

log = logging.getLogger(__name__)

TICK_S: Final = 1.0

TIMEOUTS: Final = 3
"""Of a port, that a turn of its source may take besides: waiting for silence, asking, guarding."""

ENDS_WITHIN_S: Final = 2.0
"""What has not ended by then when the gateway stops is not waited for: what it gave is stored."""


def load(path: Path) -> Settings:
    """The settings of this file for the drivers that there are. Raises SettingsError."""
    return schema.load(path, DRIVERS)


class Gateway:
    """A daemon ready to run; ``open`` makes one."""

    def __init__(
        self,
        settings: Settings,
        targets: Mapping[str, Target],
        stores: Mapping[str, Store],
        clock: Clock,
        own: OwnRecords,
        *,
        journal: Journal,
        recording: Recording,
        corrections: Corrections,
        entering: Entering,
        held: Holds,
        commanded: Commanded,
        asked: Container[str],
    ) -> None:
        """asked: the uplinks whose seals have been seen."""
        self.settings = settings
        self.clock = clock
        self.own = own
        self.journal = journal
        self.started = time.monotonic()
        self._lost: dict[str, tuple[Instant, int]] = {}
        self.intake = Intake(
            intaken(settings, DRIVERS),
            journal=journal,
            now=clock.now,
            alarms=own,
            offer=clock.offer,
            live=self._live,
            lost=self._remember_lost,
            recorded=recording.observe,
        )
        self.recording = recording
        self.reckoning = Reckoning(
            *(clock, journal, own),
            recording=recording,
            corrections=corrections,
            intake=self.intake,
        )
        self.entering = entering
        self.sources = sources(settings, DRIVERS, clock.now, opened=self._port_opened)
        self.health = {name: Health(f"port {name}") for name in self.sources}
        self.hold_lists = HoldLists(
            held,
            clock.now,
            knows_time=lambda: clock.known,
            enter=recording.enter,
            refused=partial(own.event, "holds"),
        )
        self.commands = Commands(
            *(allowed(settings), self._verbs(), commanded, journal, clock.now),
            knows_time=lambda: clock.known,
            refused=own.command_refused,
            answer=lambda uplink, verb, payload: self.uplinks[uplink].answer(verb, payload),
        )
        self.uplinks: dict[str, Uplink] = to_stores(stores, journal, own) | {
            name: MqttUplink(
                *(name, target, journal, own, partial(status.brief, self)),
                holds=partial(self.hold_lists.offer, name),
                commands=partial(self.commands.offer, name),
                seals=lambda: journal.seals,
                witness=None if name in asked else self._witness,
            )
            for name, target in targets.items()
        }

    @classmethod
    async def open(cls, settings: Settings, machine: Machine | None = None) -> Gateway:
        """Opens the journal and everything above it. machine: whose clocks; None: this one's.

        Raises SettingsError, JournalError.
        """
        for warning in settings.warnings:
            log.warning("%s", warning.render("en"))
        far_sides = targets(settings), stores(settings)
        clock = Clock(
            trust_system=settings.clock.trust == "system",
            set_from=settings.clock.set_from,
            hold_s=settings.clock.hold_unsynced_s,
            machine=machine,
        )
        own = OwnRecords(settings.gateway.id, settings.gateway.operator.name, clock.now)
        kept = await _kept_seals(settings, far_sides[0])
        journal = await _opened(settings, clock, own, chain(*kept.values()))
        await _register(settings, journal, own)
        found: dict[str, Newest | None] = {}
        corrections = Corrections(found)
        derived = recorders(settings, DRIVERS)
        held = holds(settings, DRIVERS, derived)
        commanded = Commanded()
        recording = Recording(
            [*derived, corrections, held, commanded, own.standing, instruments(settings, own.standing)],
            journal=journal,
            notice=own.noticed,
            amended=corrections.amended,
        )
        recording.load(await journal.remembered())
        own.settled(known(settings))
        own.cleared(Cause.JOURNAL_FULL, "journal")
        own.cleared(Cause.JOURNAL_FAILING, "journal")
        if journal.set_aside is None:
            own.cleared(Cause.JOURNAL_DAMAGED, "journal")
        journal.remember(recording)
        own.attach(journal)
        entering = Entering(recording, journal, found, clock.now)
        gateway = cls(
            *(settings, *far_sides, clock, own),
            journal=journal,
            recording=recording,
            corrections=corrections,
            entering=entering,
            held=held,
            commanded=commanded,
            asked=kept,
        )
        await gateway.reckoning.check()
        return gateway

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; then everything that was observed is committed before this returns."""
        tasks: list[asyncio.Task[None]] = []
        try:
            async with ControlSocket(socket_path(self.settings.journal.path), self._verbs()):
                tasks = [asyncio.create_task(work, name=name) for name, work in self._work().items()]
                notify("READY=1")
                stopping = asyncio.create_task(_stopped(stop), name="stop")
                tasks.append(stopping)
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                notify("STOPPING=1")
        finally:
            for task in tasks:
                task.cancel()
            ended = asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.wait([ended], timeout=ENDS_WITHIN_S)
            self.intake.end()
            self.own.event("stopped", {"version": status.VERSION})
            await self.journal.close()

    def _work(self) -> dict[str, Any]:
        watchdog = watchdog_s()
        work: dict[str, Any] = {
            "journal": self.journal.run(),
            "tick": self._tick(),
            "clock": self.reckoning.run(),
            "holds": self.hold_lists.run(),
            "commands": self.commands.run(),
            "chain": self.journal.inspect(),
        }
        patience_s = PATIENCE_S if watchdog is None else watchdog / 2
        if watchdog is not None:
            work["watchdog"] = Watchdog(watchdog, self.journal, self.health.values()).run()
        for name, source in self.sources.items():
            work[f"port {name}"] = supervise(
                self.health[name],
                partial(source.run, self.intake),
                failed=partial(self._port_failed, name),
                recovered=partial(self._port_recovered, name),
                turns=partial(getattr, source, "turns"),
                patience_s=patience_s + TIMEOUTS * self.settings.ports[name].timeout_s,
            )
        for name, uplink in self.uplinks.items():
            work[f"uplink {name}"] = uplink.run()
        return work

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.intake.tick()
            self.recording.tick(self.clock.now())
            self._tell_lost()

    def _port_opened(self, port: str) -> None:
        self.own.cleared(Cause.PORT_DOWN, port)

    def _port_recovered(self, port: str) -> None:
        """A radio is no link that opens: it has been listening for a while."""
        if self.settings.ports[port].kind == "bluetooth":
            self._port_opened(port)

    def _port_failed(self, port: str, failure: Exception) -> None:
        """From now until it opens again nothing is heard on this port, tags that pass included."""
        if not isinstance(failure, NobodyAnswers):  # then it is its devices that are silent
            self.own.raised(Cause.PORT_DOWN, port, str(failure))

    def _live(self, device: str, body: bytes) -> None:
        for uplink in self.uplinks.values():
            uplink.live(device, body)

    def _remember_lost(self, device: str, at: Instant, observations: int) -> None:
        since, count = self._lost.get(device, (at, 0))
        self._lost[device] = (since, count + observations)

    def _tell_lost(self) -> None:
        """A stretch that found no room is recorded once there is room again."""
        if not self.journal.has_room:
            return
        lost, self._lost = self._lost, {}
        records = self.journal.lost_records()
        if not lost and not records:
            return
        since = min(since for since, _ in (*lost.values(), *records.values()))
        facts: dict[str, Any] = {
            "reason": "journal_full",
            "observations": {device: count for device, (_, count) in lost.items()},
        }
        if records:
            facts["records"] = {kind: count for kind, (_, count) in records.items()}
        self.own.event("gap", facts, since=since)

    async def _witness(self, kept: Sequence[Seal]) -> None:
        """A broker that could not be reached at the start tells what it has kept. Raises UplinkDown."""
        try:
            seals = its_own(self.settings, signing_key(self.settings, make=False), kept)
            begun = await self.journal.begin_anew(seals)
        except (JournalError, SettingsError) as error:
            raise UplinkDown(f"nothing is published before a new journal has begun: {error}") from error
        if begun:
            _tell_of_predecessor(self.journal, self.own)

    def _verbs(self) -> dict[str, Any]:
        return {
            "status": self._status,
            "read": self._read,
            "enter": self.entering.enter,
            "diagnose": self._diagnose,
        }

    async def _status(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        return await status.entire(self)

    async def _diagnose(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return await diagnosis.told(self, request.get("most_bytes"))

    async def _read(self, request: Mapping[str, Any]) -> dict[str, Any]:
        device, asked_s = request.get("device"), request.get("wait")
        if not isinstance(device, str) or not isinstance(asked_s, int | float | None):
            raise Refused("malformed_request")
        if device not in self.settings.devices:
            raise Refused("unknown_device", device=device)
        port = self.settings.devices[device].port
        source = self.sources[port]
        wait_s = asked_s or longest_wait_s(self.settings.ports[port].kind)
        if self.health[port].state == "down":
            raise Refused("link_down", detail=self.health[port].error)
        return await read_next(self.intake, source, device, float(wait_s))


async def _opened(settings: Settings, clock: Clock, own: OwnRecords, witnessed: Iterable[Seal]) -> Journal:
    """The journal, and what its opening tells the clock and the records.

    witnessed: what brokers have kept of its seals. Raises SettingsError, JournalError.
    """
    key = signing_key(settings)
    journal = await Journal.open(
        settings.journal.path,
        Identity(settings.gateway.id, machine_id(), clock.boot, settings.gateway.operator.name, key),
        Rules(
            commit_every_s=settings.journal.commit_every_s,
            max_size_bytes=settings.journal.max_size_bytes,
            keep_records_s=settings.journal.keep.records_s,
            keep_telemetry_s=settings.journal.keep.telemetry_s,
        ),
        clock.now,
        lambda: clock.state,
        own,
        its_own(settings, key, witnessed),
        holds=lambda: clock.holds,
    )
    await taken_up(clock, journal)
    _tell_of_predecessor(journal, own, journal.set_aside)
    if journal.sealed_by not in {None, key.public}:
        for handover in handed_over(settings, journal.sealed_by, key.public):
            own.event("key", {"key": key.public, "handover": handover})
    own.event("started", {"version": status.VERSION, "pid": os.getpid()})
    return journal


async def _kept_seals(settings: Settings, brokers: Mapping[str, Target]) -> dict[str, list[Seal]]:
    """By uplink, of those that answer in time; a new file has nothing that could be behind them."""
    if not settings.journal.path.exists():
        return {name: [] for name in brokers}
    return await kept_by(brokers)


def _tell_of_predecessor(journal: Journal, own: OwnRecords, damaged: str | None = None) -> None:
    """damaged: the file that was set aside for the one now written."""
    before = journal.predecessor
    if before is not None or damaged is not None:
        facts = {"journal": journal.id, "predecessor": before and asdict(before)}
        own.event("journal", facts | ({"damaged": damaged} if damaged else {}))


async def _register(settings: Settings, journal: Journal, own: OwnRecords) -> None:
    """A cursor for each uplink, and none for one that is no more. Raises JournalError."""
    for name, uplink in settings.uplinks.items():
        await journal.register(name, uplink.start)
    backlog: Any = journal.facts()["backlog"]
    for gone in journal.uplinks - settings.uplinks.keys():
        own.event("uplink_removed", {"uplink": gone, "backlog": backlog[gone]})
        await journal.forget(gone)


async def _stopped(stop: asyncio.Event) -> None:
    await stop.wait()


async def in_the_air(adapter: str, seconds: float) -> list[Found]:
    """The Bluetooth devices that this adapter hears, and who understands them. Raises LinkDown."""
    from drivers.ble.air import listen  # noqa: PLC0415 - bleak and D-Bus are loaded only where there is a radio

    return [found(heard, DRIVERS) for heard in await listen(adapter, seconds)]


async def read_without_daemon(settings: Settings, device: str, wait_s: float | None) -> dict[str, Any]:
    """The verb `read` where no daemon holds the port; wait_s: None, as is usual. Raises LinkDown, Refused."""
    if device not in settings.devices:
        raise Refused("unknown_device", device=device)
    clock = Clock(trust_system=True)
    intake = Intake(
        [facts for facts in intaken(settings, DRIVERS) if facts.name == device],
        journal=_Nowhere(),
        now=clock.now,
        alarms=_Nowhere(),
        offer=clock.offer,
        live=lambda _device, _body: None,
        lost=lambda _device, _at, _observations: None,
        recorded=lambda _device, _observations: None,
    )
    (source,) = sources(settings, DRIVERS, clock.now, only=device).values()
    kind = settings.ports[settings.devices[device].port].kind
    return await read_directly(intake, source, device, wait_s or longest_wait_s(kind))


class _Nowhere:
    """Keeps nothing: a reading for a technician's eyes leaves no trace."""

    def observe(self, _entry: Entry) -> bool:
        return True

    def roll(self, _at: Instant, _values: Sequence[tuple[str, float]]) -> None: ...

    def raised(self, _cause: Cause, _subject: str, _detail: str) -> None: ...

    def cleared(self, _cause: Cause, _subject: str) -> None: ...
