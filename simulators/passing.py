"""What readers of tags have in common: tags pass, and are sent again and again while they stay."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import ClassVar

from simulators.device import Talker, World
from simulators.faults import OF_MESSAGES, spoil, touched
from simulators.options import Options

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
            in_field = [(tag, *self.meet(tag)) for tag in islice(passing, self.together)]
            until = clock.seconds() + self.rng.uniform(*self._stay_s)
            repeat = 0
            while repeat == 0 or clock.seconds() < until or "frozen" in self.faults.of():
                for tag, message, facts in in_field:
                    self._say(message, {"code": tag, **facts, "repeat": repeat})
                repeat += 1
                await clock.sleep(self._repeat_s * clock.speed)
            await clock.sleep(self.rng.uniform(*self._gap_s))

    def _say(self, message: bytes, facts: Mapping[str, object]) -> None:
        faults = self.faults.rolled(self.rng)
        sending = spoil(message, faults, self.damage, self.rng)

        def said(sent: bool) -> None:
            self.world.truth.write(
                self.port, "tag", **facts, delivered=sent and sending.intact, **touched(faults)
            )

        self.outbox.send(sending.pieces, said)
