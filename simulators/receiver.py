"""A satellite receiver in a truck: an epoch of sentences at each tick of its own clock."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from simulators.clock import stamp
from simulators.device import Talker, World
from simulators.faults import OF_MESSAGES, Fault, Sending, spoil, touched
from simulators.nmea import SYSTEMS, Epoch, Satellite, position, sky, wrong_checksum
from simulators.options import Options
from simulators.route import Truck, Waypoint

THINKING_S = 0.08
"""From the instant of a fix to its first character, as common receivers take."""

BITS_A_CHARACTER = 10
SATELLITES = {"GP": range(1, 33), "BD": range(6, 38)}
"""Numbers of each system's moving satellites."""


class Receiver(Talker):
    """Drives ``route`` (a list of way points) and says where it is, in words of its own.

    Options: ``rate`` (epochs a second), ``sky_every`` (epochs between two reports of the satellites; 0:
    never), ``satellites`` in view of each system.
    """

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {"frozen", "sentinel", "unplug"}

    def __init__(
        self, port: str, options: Options, world: World, systems: Sequence[str], tcp: int | None = None
    ) -> None:
        super().__init__(port, world, tcp)
        self._period_s = 1 / options.one("rate", float, 1.0)
        self._sky_every = options.one("sky_every", int, 5)
        self._satellites = _constellation(systems, options.one("satellites", int, 8), self.rng)
        points = [
            Waypoint.read(Options(f"{options.where}.route.{number}", point))
            for number, point in enumerate(options.items("route"))
        ]
        self._truck = Truck(points)
        self._last: Epoch | None = None

    @abstractmethod
    def said(self, epoch: Epoch, with_sky: bool) -> Sequence[tuple[str, bytes]]:
        """What is said of an epoch, each piece with its name."""

    @abstractmethod
    def spoken(self, message: bytes, faults: Mapping[str, Fault]) -> Sending:
        """How a piece goes onto the wire."""

    async def run(self) -> None:
        count = 0
        while True:
            tick = _next_tick(datetime.now(UTC), self._period_s)
            await asyncio.sleep((tick - datetime.now(UTC)).total_seconds() + THINKING_S)
            if self._last is None or "frozen" not in self.faults.of():
                self._last = self._epoch(tick)
            with_sky = bool(self._sky_every) and count % self._sky_every == 0
            self._say(self._last, self.said(self._last, with_sky))
            count += 1

    def _epoch(self, utc: datetime) -> Epoch:
        place = self._truck.place(self.world.clock.seconds())
        valid = "sentinel" not in self.faults.of()
        return Epoch(utc, valid, *place, self._satellites if valid else ())

    def _say(self, epoch: Epoch, sentences: Sequence[tuple[str, bytes]]) -> None:
        faults: dict[str, Fault] = {}
        spoilt: list[str] = []
        pieces: list[tuple[float, bytes]] = []
        for name, message in sentences:
            rolled = self.faults.rolled(self.rng)
            faults |= rolled
            sending = self.spoken(message, rolled)
            pieces += sending.pieces
            if not sending.intact:
                spoilt.append(name)

        def said(sent: bool) -> None:
            self._note(epoch, sent and bool(pieces), spoilt, faults)

        self.outbox.send(pieces, said)

    def _note(self, epoch: Epoch, sent: bool, spoilt: list[str], faults: dict[str, Fault]) -> None:
        self.world.truth.write(
            self.port,
            "fix",
            valid=epoch.valid,
            lat=round(epoch.lat, 7) if epoch.valid else None,
            lon=round(epoch.lon, 7) if epoch.valid else None,
            speed=round(epoch.speed, 3) if epoch.valid else None,
            course=round(epoch.course, 1) if epoch.valid else None,
            utc=stamp(epoch.utc),
            delivered=sent and not spoilt,
            spoilt=spoilt,
            **touched(faults),
        )


class NmeaReceiver(Receiver):
    """Options, beside those of ``Receiver``: ``talker`` (GN, GP or BD), ``baud`` (spaces the sentences)."""

    can_have: ClassVar[frozenset[str]] = Receiver.can_have | {"wrong_crc"}

    def __init__(self, port: str, options: Options, world: World) -> None:
        self._talker = options.one("talker", str, "GN")
        if self._talker not in SYSTEMS:
            raise options.error("talker", f"{self._talker} is none of {', '.join(SYSTEMS)}")
        super().__init__(port, options, world, SYSTEMS[self._talker])
        self._character_s = BITS_A_CHARACTER / options.one("baud", int, 9600)
        options.done()

    def said(self, epoch: Epoch, with_sky: bool) -> Sequence[tuple[str, bytes]]:
        return position(self._talker, epoch) + (sky(self._talker, epoch) if with_sky else [])

    def spoken(self, message: bytes, faults: Mapping[str, Fault]) -> Sending:
        sending = spoil(message, faults, {"wrong_crc": wrong_checksum}, self.rng)
        pause = ((len(message) * self._character_s, b""),) if sending.pieces else ()
        return sending._replace(pieces=sending.pieces + pause)


def _next_tick(now: datetime, period_s: float) -> datetime:
    """The receiver's next instant: whole periods after the full second."""
    second = now.replace(microsecond=0)
    ticks = int((now - second).total_seconds() / period_s) + 1
    return second + timedelta(seconds=min(1.0, round(ticks * period_s, 2)))


def _constellation(systems: Sequence[str], each: int, rng: random.Random) -> list[Satellite]:
    return [
        Satellite(system, number, rng.randint(12, 80), rng.randrange(360), rng.randint(24, 48))
        for system in systems
        for number in sorted(rng.sample(SATELLITES[system], min(each, len(SATELLITES[system]))))
    ]
