"""A satellite receiver in a truck: an epoch of sentences at each tick of its own clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from simulators.clock import stamp
from simulators.device import Talker, World
from simulators.faults import OF_MESSAGES, Fault, spoil, touched
from simulators.nmea import SYSTEMS, Epoch, Satellite, position, sky, wrong_checksum
from simulators.options import Options
from simulators.route import Truck, read_route

THINKING_S = 0.08
"""From the instant of a fix to its first character, as common receivers take."""

BITS_A_CHARACTER = 10
SATELLITES = {"GP": range(1, 33), "BD": range(6, 38)}
"""Numbers of each system's moving satellites."""


class NmeaReceiver(Talker):
    """Drives ``route`` (a list of way points) and says where it is.

    Options: ``talker`` (GN, GP or BD), ``rate`` (epochs a second), ``sky_every`` (epochs between two reports
    of the satellites; 0: never), ``satellites`` in view of each system, ``baud`` (spaces the sentences).
    """

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {"wrong_crc", "frozen", "sentinel", "unplug"}

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world)
        self._talker = options.one("talker", str, "GN")
        if self._talker not in SYSTEMS:
            raise options.error("talker", f"{self._talker} is none of {', '.join(SYSTEMS)}")
        self._period_s = 1 / options.one("rate", float, 1.0)
        self._sky_every = options.one("sky_every", int, 5)
        self._character_s = BITS_A_CHARACTER / options.one("baud", int, 9600)
        self._satellites = _constellation(self._talker, options.one("satellites", int, 8), self.rng)
        self._truck = Truck(read_route(options))
        self._last: Epoch | None = None
        options.done()

    async def run(self) -> None:
        count = 0
        while True:
            tick = _next_tick(datetime.now(UTC), self._period_s)
            await asyncio.sleep((tick - datetime.now(UTC)).total_seconds() + THINKING_S)
            if self._last is None or "frozen" not in self.faults.of():
                self._last = self._epoch(tick)
            said = position(self._talker, self._last)
            if self._sky_every and count % self._sky_every == 0:
                said += sky(self._talker, self._last)
            self._say(self._last, said)
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
            sending = spoil(message, rolled, {"wrong_crc": wrong_checksum}, self.rng)
            pieces += sending.pieces
            if sending.pieces:
                pieces.append((len(message) * self._character_s, b""))
            if not sending.intact:
                spoilt.append(name)

        def said(sent: bool) -> None:
            self._note(epoch, sent, spoilt, faults)

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


def _next_tick(now: datetime, period_s: float) -> datetime:
    """The receiver's next instant: whole periods after the full second."""
    second = now.replace(microsecond=0)
    ticks = int((now - second).total_seconds() / period_s) + 1
    return second + timedelta(seconds=min(1.0, round(ticks * period_s, 2)))


def _constellation(talker: str, each: int, rng: random.Random) -> list[Satellite]:
    return [
        Satellite(system, number, rng.randint(12, 80), rng.randrange(360), rng.randint(24, 48))
        for system in SYSTEMS[talker]
        for number in sorted(rng.sample(SATELLITES[system], min(each, len(SATELLITES[system]))))
    ]
