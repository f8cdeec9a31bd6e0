"""What readers of tags have in common: tags pass, and are sent again and again while they stay."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import ClassVar

from simulators.device import Talker, World
from simulators.faults import OF_MESSAGES, Fault, spoil, touched
from simulators.options import Options
from simulators.wire import Done

NATIONAL_CODES = 1 << 38
COUNTRY_CODES = 1 << 10


def is_code(code: object) -> bool:
    """Whether it is 15 digits that fit ISO 11784's two fields."""
    return (
        isinstance(code, str)
        and len(code) == 15
        and code.isdecimal()
        and int(code[:3]) < COUNTRY_CODES
        and int(code[3:]) < NATIONAL_CODES
    )


def flock(county: str, rng: random.Random) -> Iterator[str]:
    """Tags of a county's sheep without end: 156 (China), 0, 3 (sheep), the county, a serial number.

    How the ministry writes its 15-digit tag into the 12 digits of a chip is not published; this is a
    plausible shortening.
    """
    serial = rng.randrange(1, 5000)
    while True:
        yield f"15603{county}{serial % 10000:04}"
        serial += rng.choice((1, 1, 1, 2, 3, 7))


class Animals:
    """The animals of a scenario, from the options ``tags`` and ``county``."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        self._rng = rng
        self._tags = options.items("tags")
        for code in self._tags:
            if not is_code(code):
                raise options.error("tags", f"{code!r} is no 15-digit ISO 11784 code in quotes")
        self._county = options.one("county", str, "622926")
        if len(self._county) != 6 or not self._county.isdecimal():
            raise options.error("county", f"{self._county!r} is no 6-digit code of GB/T 2260 in quotes")

    def passing(self) -> Iterator[str]:
        """Their codes, without end."""
        if not self._tags:
            yield from flock(self._county, self._rng)
        while True:
            yield from (str(code) for code in self._tags)


@dataclass
class InField:
    """A tag before the reader. message: what is sent for it. repeat: how often it was."""

    code: str
    message: bytes
    facts: dict[str, object]
    repeat: int = 0


class Passing(Talker):
    """Tags pass at an irregular pace; while one stands in the field it is sent again and again.

    Options: ``gap`` between tags, ``stay`` in the field, ``first`` tag after, ``repeat`` of a message (in
    real time), ``tcp`` (the reader hangs on a device server).
    """

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {"frozen", "unplug"}
    damage: ClassVar[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType({})
    """How the protocol spells the faults that are its own."""

    together = 1
    """Tags in the field at the same time."""

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world, options.one("tcp", int, None))
        self.in_field: list[InField] = []
        self._first_s = options.duration("first", "1s")
        self._gap_s = options.span("gap", ("2s", "9s"))
        self._stay_s = options.span("stay", ("400ms", "3s"))
        self._repeat_s = options.duration("repeat", "120ms")

    @abstractmethod
    def passing(self) -> Iterator[str]:
        """The codes that come, without end."""

    @abstractmethod
    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        """A tag comes into the field: what is sent for it, and what the truth says of it beside its code."""

    async def run(self) -> None:
        clock = self.world.clock
        await clock.sleep(self._first_s)
        passing = self.passing()
        while True:
            self.in_field = [InField(tag, *self.meet(tag)) for tag in islice(passing, self.together)]
            await self.stand(clock.seconds() + self.rng.uniform(*self._stay_s))
            self.in_field = []
            await clock.sleep(self.rng.uniform(*self._gap_s))

    async def stand(self, until: float) -> None:
        """They stay until then, in scenario seconds, and are said again and again."""
        clock = self.world.clock
        said = False
        while not said or clock.seconds() < until or "frozen" in self.faults.of():
            self.say(self.in_field)
            said = True
            await clock.sleep(self._repeat_s * clock.speed)

    def say(self, messages: Sequence[InField | bytes], after_s: float = 0.0) -> None:
        """Sends tags of the field, and what is no tag, one after the other."""
        pieces: list[tuple[float, bytes]] = []
        notes: list[Done] = []
        for message in messages:
            faults = self.faults.rolled(self.rng)
            plain = message.message if isinstance(message, InField) else message
            sending = spoil(plain, faults, self.damage, self.rng)
            pieces += sending.pieces
            if isinstance(message, InField):
                notes.append(self._noted(message, sending.intact, faults))

        def said(sent: bool) -> None:
            for note in notes:
                note(sent)

        self.outbox.send(pieces, said, after_s)

    def _noted(self, tag: InField, intact: bool, faults: Mapping[str, Fault]) -> Done:
        facts = {"code": tag.code, **tag.facts, "repeat": tag.repeat}
        tag.repeat += 1
        return lambda sent: self.world.truth.write(
            self.port, "tag", **facts, delivered=sent and intact, **touched(faults)
        )
