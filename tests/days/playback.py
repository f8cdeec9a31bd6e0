"""A gateway that a day is played to: real decoders, intake, recorders and journal; its clock is handed in.

::

    tape ──bytes──▶ splitters, decoders, news ──▶ intake ──▶ recording ──▶ journal on disk
    said ──fact───────────────────────────────────────────────▲

Nothing waits: between two items of the tape event time ticks on, second by second. The journal is committed
every so many seconds of the day, and a power cut takes what came since.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import orjson

from drivers.ble.news import News
from drivers.catalogue import DRIVERS
from drivers.contract import NANOSECONDS, Frame, Instant, Reason, Reject, Talking
from edge.facts import read_fact
from edge.intake import Intake
from edge.journal.block import Lane
from edge.journal.store import Identity, Journal, Rules
from edge.own_records import OwnRecords
from edge.recording import Recording
from edge.settings import Settings, load
from edge.wiring import intaken, recorders
from simulators.days.tape import PORT_OF_RADIO, Day, Said

COMMIT_EVERY_S: Final = 120.0

ADDRESS_BYTES: Final = 6

KILLS: Final = 20


class Word(NamedTuple):
    """What somebody says on the day. at: seconds since it began."""

    at: float
    kind: str
    values: Mapping[str, Any]
    by: str = "马师傅"


Item = Said | Word


def programme(day: Day, words: Iterable[Word] = ()) -> list[Item]:
    """All that the gateway hears on the day, in order."""
    return sorted([*day.tape, *words], key=lambda item: item.at)


class Wire:
    """A port's bytes, cut into frames, and the devices on it; as ``drivers/listener.py`` has it.

    It outlives the gateway: a splitter that learns where a receiver's cycle ends would else begin anew, and
    the first fix behind a power cut bear the time of the next.
    """

    def __init__(self, devices: Sequence[tuple[str, Talking]]) -> None:
        self._devices = devices
        self._splitter = devices[0][1].splitter()

    def bring(self, data: bytes, at: Instant, intake: Intake) -> None:
        for found in self._splitter.feed(data):
            if isinstance(found, Reject):
                intake.refuse(self._devices[0][0], found, Frame(data))
            else:
                self._hear(found, at, intake)

    def _hear(self, frame: Frame, at: Instant, intake: Intake) -> None:
        for name, decoder in self._devices:
            try:
                observations = decoder.decode(frame, at)
            except Reject as reject:
                if reject.reason is not Reason.NOT_MINE:
                    intake.refuse(name, reject, frame)
            else:
                if observations:
                    intake(name, observations, frame)


def wires(settings: Settings) -> dict[str, Wire]:
    """The ports at which devices talk by themselves."""
    found: defaultdict[str, list[tuple[str, Talking]]] = defaultdict(list)
    for name, device in settings.devices.items():
        if settings.ports[device.port].kind != "bluetooth":
            decoder = DRIVERS[device.driver].decoder(device.options)
            found[device.port].append((name, cast(Talking, decoder)))
    return {port: Wire(devices) for port, devices in found.items()}


def probes(settings: Settings) -> dict[bytes, tuple[str, News]]:
    """Those in the air, by their address."""
    return {
        bytes.fromhex(address.replace(":", "")): (name, News(DRIVERS[device.driver].decoder(device.options)))
        for name, device in settings.devices.items()
        if (address := getattr(device.options, "address", ""))
    }


class Gateway:
    """One life of it: from opening the journal until it is closed or the power goes."""

    def __init__(self, settings: Settings, begins: Instant, on_wires: Mapping[str, Wire]) -> None:
        self.settings = settings
        self.at = begins
        self._wires = on_wires
        self._probes = probes(settings)

    def now(self) -> Instant:
        return self.at

    async def open(self) -> None:
        self.own = OwnRecords(self.settings.gateway.id, self.settings.gateway.operator.name, self.now)
        identity = Identity(self.settings.gateway.id, "box-1", "boot-1", self.settings.gateway.operator.name)
        self.journal = await Journal.open(
            self.settings.journal.path, identity, Rules(), self.now, lambda: "ntp", self.own
        )
        self.recording = Recording(
            [*recorders(self.settings, DRIVERS), self.own.standing],
            journal=self.journal,
            notice=self.own.noticed,
        )
        self.recording.load(await self.journal.remembered())
        self.journal.remember(self.recording)
        self.own.attach(self.journal)
        self.intake = Intake(
            intaken(self.settings, DRIVERS),
            journal=self.journal,
            now=self.now,
            alarms=self.own,
            offer=lambda _utc, _at: None,
            live=lambda _device, _body: None,
            lost=lambda _device, _at, _count: None,
            recorded=self.recording.observe,
            steady=lambda: self.at / NANOSECONDS,
        )

    def hear(self, item: Item) -> None:
        """An item of the programme; time is there already."""
        if isinstance(item, Word):
            values = self._named(item.values)
            self.recording.enter(read_fact(item.kind, values, by=item.by, entered=self.at, at=self.at))
        elif item.port == PORT_OF_RADIO:
            self._in_the_air(item.data)
        else:
            self._wires[item.port].bring(item.data, self.at, self.intake)

    def _named(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A value that nobody knows beforehand, such as a record's id, is worked out when it is said."""
        return {key: value(self) if callable(value) else value for key, value in values.items()}

    def _in_the_air(self, data: bytes) -> None:
        name, news = self._probes[data[:ADDRESS_BYTES]]
        frame = Frame(data[ADDRESS_BYTES:])
        try:
            observations = news.of(frame, self.at, self.at / NANOSECONDS)
        except Reject as reject:
            self.intake.refuse(name, reject, frame)
        else:
            if observations:
                self.intake(name, observations, frame)

    def tick(self) -> None:
        self.intake.tick()
        self.recording.tick(self.at)

    async def records(self) -> list[dict[str, Any]]:
        """All that is in the journal, in order, but for the gateway's own affairs."""
        found: list[dict[str, Any]] = []
        after = 0
        while blocks := await self.journal.read(self.journal.id, Lane.RECORDS, after):
            after = blocks[-1].seq
            found += [orjson.loads(block.body)["record"] for block in blocks]
        return [record for record in found if record["kind"] != "gateway"]


@dataclass(frozen=True)
class Cut:
    """The power goes before this item of the programme.

    dark: for so long what happens is not heard, s; what was heard before is on disk, as sightings always are
    and the rest within a second. 0: the world waits, and goes on from what was last committed.
    """

    item: int
    dark: float = 0.0


class Playback:
    """A day, the settings of the gateway that hears it, and when its power goes."""

    def __init__(self, settings: str, begins: datetime, folder: Path, cuts: Sequence[Cut] = ()) -> None:
        file = folder / "tagtrail.yaml"
        file.write_text(settings.format(folder=folder), encoding="utf-8")
        self._settings = load(file, DRIVERS)
        self._begins = Instant(int(begins.timestamp()) * NANOSECONDS)
        self._wires = wires(self._settings)
        self._cuts = {cut.item: cut for cut in cuts}
        self.lives = 0
        self.failures: dict[str, int] = {}
        self.refused: dict[str, int] = {}

    def play(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        """The records in the journal at the end of the day."""
        return asyncio.run(self._play(items))

    async def _play(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        gateway = await self._born(self._begins)
        kept, kept_at = 0, self._begins
        index = 0
        while index < len(items):
            cut = self._cuts.pop(index, None)
            if cut is not None:
                if cut.dark:
                    await gateway.journal.flush()
                    index = self._after(items, index, cut.dark)
                    kept_at = self._instant(items[index].at)
                else:
                    index = kept
                gateway = await self._killed(gateway, kept_at)
                continue
            due = self._instant(items[index].at)
            self._pass(gateway, due)
            if gateway.at - kept_at >= COMMIT_EVERY_S * NANOSECONDS:
                await gateway.journal.flush()
                kept, kept_at = index, gateway.at
            gateway.hear(items[index])
            index += 1
        await gateway.journal.flush()
        records = await gateway.records()
        await self._end(gateway)
        return records

    def _pass(self, gateway: Gateway, due: Instant) -> None:
        """Time goes on to this instant."""
        while (second := gateway.at - gateway.at % NANOSECONDS + NANOSECONDS) <= due:
            gateway.at = Instant(second)
            gateway.tick()
        gateway.at = max(gateway.at, due)

    def _instant(self, at: float) -> Instant:
        return Instant(self._begins + round(at * 1000) * (NANOSECONDS // 1000))

    def _after(self, items: Sequence[Item], index: int, dark_s: float) -> int:
        until = items[index].at + dark_s
        return next(number for number in range(index, len(items)) if items[number].at >= until)

    async def _born(self, at: Instant) -> Gateway:
        self.lives += 1
        gateway = Gateway(self._settings, at, self._wires)
        await gateway.open()
        return gateway

    async def _killed(self, gateway: Gateway, again_at: Instant) -> Gateway:
        """What was not committed is gone. The new life begins with the file as it was on disk."""
        path = self._settings.journal.path
        on_disk = {
            name: (path.with_name(name)).read_bytes()
            for name in (path.name, f"{path.name}-wal")
            if path.with_name(name).exists()
        }
        await self._end(gateway)
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()
        for name, data in on_disk.items():
            path.with_name(name).write_bytes(data)
        return await self._born(again_at)

    async def _end(self, gateway: Gateway) -> None:
        await gateway.journal.close()
        for recorder, count in gateway.recording.failures.items():
            self.failures[recorder] = self.failures.get(recorder, 0) + count
        for name, state in gateway.intake.devices.items():
            if state.refused:
                self.refused[name] = self.refused.get(name, 0) + state.refused.total()


def final(records: Iterable[Mapping[str, Any]], kind: str | None = None) -> list[dict[str, Any]]:
    """Each record's highest revision, in the order of their first."""
    newest: dict[str, dict[str, Any]] = {}
    for record in records:
        if kind in (None, record["kind"]):
            newest[record["id"]] = dict(record)
    return list(newest.values())


def seconds(text: str) -> float:
    """RFC 3339 in seconds since 1970."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def of(truth: Iterable[Mapping[str, Any]], what: str, **facts: object) -> Iterator[Mapping[str, Any]]:
    """The lines of the truth that tell of this."""
    for line in truth:
        if line["what"] == what and all(line[key] == value for key, value in facts.items()):
            yield line


def dark(items: Sequence[Item], at: float, seconds_long: float) -> Cut:
    """The power goes at this second of the day, and for so long nothing is heard."""
    return Cut(next(number for number, item in enumerate(items) if item.at >= at), seconds_long)


def killed(settings: str, begins: datetime, items: Sequence[Item], folder: Path) -> list[dict[str, Any]]:
    """The records of a day on which the power went again and again, and the world waited each time."""
    moments = sorted(random.Random(str(len(items))).sample(range(1, len(items)), KILLS))
    playback = Playback(settings, begins, folder, [Cut(moment) for moment in moments])
    records = playback.play(items)
    assert playback.lives == 1 + KILLS
    assert playback.failures == {}
    return records


def revisions(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Every revision by its id."""
    return {(record["id"], record["revision"]): dict(record) for record in records}
