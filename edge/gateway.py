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
from drivers.contract import Driver, Instant
from edge import settings as schema
from edge import status
from edge.alarms import Cause
from edge.clock import Clock, Machine, machine_id
from edge.commands.carrying import Commands
from edge.control import ControlSocket, Refused, socket_path
from edge.delivering import FarSide, Uplinks, given_up, registered
from edge.diagnosis import running as diagnosis
from edge.entering import Entering
from edge.errors import JournalError, SettingsError, UplinkDown
from edge.evidence.holding import handed_over, its_own, signing_key
from edge.evidence.seals import Seal
from edge.holds import HoldLists
from edge.intake import Intake
from edge.journal.states import Row
from edge.journal.store import Identity, Journal, Rules
from edge.journal.trail import Newest
from edge.own_records import OwnRecords
from edge.ports import Ports
from edge.reading import longest_wait_s, read_alone, read_next
from edge.reckoning import Reckoning, taken_up
from edge.recorders.commanded import Commanded
from edge.recorders.contract import Recorder
from edge.recorders.corrections import Corrections
from edge.recording import Recording
from edge.reload import Difference, difference, in_force, refusals
from edge.rereading import Rereading
from edge.running import Running
from edge.settings import Settings
from edge.supervisor import PATIENCE_S
from edge.systemd import notify, watchdog_s
from edge.uplinks.contract import Uplink
from edge.uplinks.mqtt import MqttUplink, Target
from edge.uplinks.seals import kept_by
from edge.wanted import Wanted
from edge.watchdog import Watchdog
from edge.wiring import allowed, known

log = logging.getLogger(__name__)

TICK_S: Final = 1.0


def load(path: Path) -> Settings:
    """The settings of this file for the drivers that there are. Raises SettingsError."""
    return schema.load(path, DRIVERS)


class Gateway:
    """A daemon ready to run; ``open`` makes one."""

    def __init__(
        self,
        wanted: Wanted,
        clock: Clock,
        own: OwnRecords,
        *,
        journal: Journal,
        recording: Recording,
        lasting: Sequence[Recorder],
        corrections: Corrections,
        entering: Entering,
        commanded: Commanded,
        asked: Container[str],
    ) -> None:
        """lasting: the recorders that no settings change. asked: the uplinks whose seals have been seen."""
        self.settings = wanted.settings
        self.clock = clock
        self.own = own
        self.journal = journal
        self.started = time.monotonic()
        self.rereading: Rereading | None = None
        self._lost: dict[str, tuple[Instant, int]] = {}
        self._running = Running()
        self.recording = recording
        self._lasting = lasting
        self.entering = entering
        self.intake = Intake(
            wanted.devices,
            journal=journal,
            now=clock.now,
            alarms=own,
            offer=clock.offer,
            live=self._live,
            lost=self._remember_lost,
            recorded=recording.observe,
        )
        self.reckoning = Reckoning(
            *(clock, journal, own),
            recording=recording,
            corrections=corrections,
            intake=self.intake,
        )
        self._watchdog_s = watchdog_s()
        patience_s = PATIENCE_S if self._watchdog_s is None else self._watchdog_s / 2
        self.ports = Ports(
            *(wanted.hung, self.intake),
            alarms=own,
            now=clock.now,
            running=self._running,
            patience_s=patience_s,
        )
        self.hold_lists = HoldLists(
            wanted.held,
            clock.now,
            knows_time=lambda: clock.known,
            enter=recording.enter,
            refused=partial(own.event, "holds"),
        )
        self.commands = Commands(
            *(allowed(wanted.settings), self._verbs(), commanded, journal, clock.now),
            knows_time=lambda: clock.known,
            refused=own.command_refused,
            answer=self._answer,
        )
        self._asked = asked
        self._delivering = Uplinks(wanted.far, journal, own, self._to_broker, self._running)
        self._asked = ()

    @classmethod
    async def open(cls, settings: Settings, machine: Machine | None = None) -> Gateway:
        """Opens the journal and everything above it. machine: whose clocks; None: this one's.

        Raises SettingsError, JournalError.
        """
        _warn(settings)
        wanted = Wanted.by(settings, DRIVERS)
        clock = Clock(
            trust_system=settings.clock.trust == "system",
            set_from=settings.clock.set_from,
            hold_s=settings.clock.hold_unsynced_s,
            machine=machine,
        )
        own = OwnRecords(settings.gateway.id, settings.gateway.operator.name, clock.now)
        kept = await _kept_seals(settings, wanted.far)
        journal = await _opened(settings, clock, own, chain(*kept.values()))
        await registered(wanted.far, journal)
        await given_up(wanted.far, journal, own)
        found: dict[str, Newest | None] = {}
        corrections = Corrections(found)
        commanded = Commanded()
        lasting: list[Recorder] = [corrections, commanded, own.standing]
        recording = Recording(
            wanted.recorders(own, lasting),
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
            *(wanted, clock, own),
            journal=journal,
            recording=recording,
            lasting=lasting,
            corrections=corrections,
            entering=entering,
            commanded=commanded,
            asked=kept,
        )
        await gateway.reckoning.check()
        return gateway

    async def run(self, stop: asyncio.Event, rereading: Rereading | None = None) -> None:
        """Until ``stop`` is set; then everything that was observed is committed before this returns.

        rereading: when the settings are to be read again; None: never.
        """
        self.rereading = rereading
        try:
            async with ControlSocket(socket_path(self.settings.journal.path), self._verbs()):
                self._begin()
                notify("READY=1")
                await self._running.until(stop)
                notify("STOPPING=1")
        finally:
            await self._running.end_all()
            self.intake.end()
            self.own.event("stopped", {"version": status.VERSION})
            await self.journal.close()

    @property
    def uplinks(self) -> Mapping[str, Uplink]:
        """Those of now, by name."""
        return self._delivering.by_name

    def _begin(self) -> None:
        self._running.begin("journal", self.journal.run())
        self._running.begin("tick", self._tick())
        self._running.begin("clock", self.reckoning.run())
        self._running.begin("holds", self.hold_lists.run())
        self._running.begin("commands", self.commands.run())
        self._running.begin("chain", self.journal.inspect())
        if self._watchdog_s is not None:
            watchdog = Watchdog(self._watchdog_s, self.journal, self.ports.health.values())
            self._running.begin("watchdog", watchdog.run())
        self.ports.begin()
        self._delivering.begin()
        if self.rereading is not None:
            self._running.begin("settings", self.rereading.run(self._reread, self.own, self.clock.now))

    async def _reread(self, file: Path) -> Difference:
        """Raises SettingsError, JournalError: then nothing has changed."""
        new = await asyncio.to_thread(load, file)
        problems = refusals(self.settings, new, file)
        if problems:
            raise SettingsError(problems=problems)
        _warn(new)
        wanted = await asyncio.to_thread(Wanted.by, in_force(self.settings, new), DRIVERS)
        secrets = [f"devices.{name}" for name in self.ports.secrets(wanted.hung)]
        secrets += [f"uplinks.{name}" for name in self._delivering.differing(wanted.far)]
        differs = difference(self.settings, new, secrets)
        await self._change(wanted)
        return differs

    async def _change(self, wanted: Wanted) -> None:
        """Goes over to these settings; what they do not touch goes on. Raises JournalError, before anything
        has changed."""
        remembered: list[Row] = []
        if self.recording.lacks(wanted.derived):
            await self.journal.flush()
            remembered = await self.journal.remembered()
        await registered(wanted.far, self.journal)
        await self.ports.end(wanted.hung)
        self.settings = wanted.settings
        self.recording.change(wanted.recorders(self.own, self._lasting), remembered)
        self.intake.change(wanted.devices)
        self.hold_lists.change(wanted.held)
        self.commands.change(allowed(wanted.settings))
        self.ports.change(wanted.hung)
        await self._delivering.change(wanted.far)
        self.own.settled(known(wanted.settings)._replace(running=True))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.intake.tick()
            self.recording.tick(self.clock.now())
            self._tell_lost()

    def _live(self, device: str, body: bytes) -> None:
        self._delivering.live(device, body)

    def _answer(self, uplink: str, verb: str, payload: bytes) -> None:
        self._delivering.answer(uplink, verb, payload)

    def _to_broker(self, name: str, target: Target) -> MqttUplink:
        return MqttUplink(
            *(name, target, self.journal, self.own, partial(status.brief, self)),
            holds=partial(self.hold_lists.offer, name),
            commands=partial(self.commands.offer, name),
            seals=lambda: self.journal.seals,
            witness=None if name in self._asked else self._witness,
            knows_time=lambda: self.clock.known,
        )

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
            "diagnose": partial(diagnosis.answered, self),
        }

    async def _status(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        return await status.entire(self)

    async def _read(self, request: Mapping[str, Any]) -> dict[str, Any]:
        device, asked_s = request.get("device"), request.get("wait")
        if not isinstance(device, str) or not isinstance(asked_s, int | float | None):
            raise Refused("malformed_request")
        if device not in self.settings.devices:
            raise Refused("unknown_device", device=device)
        port = self.settings.devices[device].port
        wait_s = asked_s or longest_wait_s(self.settings.ports[port].kind)
        if self.ports.health[port].state == "down":
            raise Refused("link_down", detail=self.ports.health[port].error)
        return await read_next(self.intake, self.ports.sources[port], device, float(wait_s))


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


async def _kept_seals(settings: Settings, far: Mapping[str, FarSide]) -> dict[str, list[Seal]]:
    """By uplink, of those that answer in time; a new file has nothing that could be behind them."""
    brokers = {name: each.where for name, each in far.items() if isinstance(each.where, Target)}
    if not settings.journal.path.exists():
        return {name: [] for name in brokers}
    return await kept_by(brokers)


def _tell_of_predecessor(journal: Journal, own: OwnRecords, damaged: str | None = None) -> None:
    """damaged: the file that was set aside for the one now written."""
    before = journal.predecessor
    if before is not None or damaged is not None:
        facts = {"journal": journal.id, "predecessor": before and asdict(before)}
        own.event("journal", facts | ({"damaged": damaged} if damaged else {}))


def _warn(settings: Settings) -> None:
    for warning in settings.warnings:
        log.warning("%s", warning.render("en"))


def drivers() -> Mapping[str, Driver]:
    """The catalogue, for who tries all of them."""
    return DRIVERS


async def read_without_daemon(settings: Settings, device: str, wait_s: float | None) -> dict[str, Any]:
    """The verb `read` where no daemon holds the port; wait_s: None, as is usual. Raises LinkDown, Refused."""
    return await read_alone(settings, DRIVERS, device, wait_s)
