"""Who answers on a Modbus wire: one setting after another, one unit after another.

::

    listen ──▶ usual units at each setting ──▶ the other units at each setting ──▶ nobody
      │ somebody talks      └──── somebody answers ────┘
      ▼                                 ▼
    LineInUse        all units at this setting ──▶ each: what every profile asks ──▶ likeness

A line has one setting: the first at which anybody answers is it. A unit is knocked at with one holding
register and, if it is silent, one input register: an exception is an answer too. Only reading is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, Protocol

from drivers.contract import Answer, LinkDown, Open, Port, Request
from drivers.links.serial import Parity
from drivers.modbus.conversation import PATIENTLY, Conversation
from drivers.modbus.likeness import Likeness, Plausible, asking, likeness, ranked

LISTEN_S: Final = 2.0
"""Before anything is asked: most masters poll more often."""

USUAL: Final = frozenset((*range(1, 17), 240, 247))
"""Units that instruments leave the factory with, or that people count from."""

UNLIKELY: Final = (113, 171, 229)
"""Units that nobody gives. A device on the network that answers to all of them answers to every number."""

SETTINGS: Final[tuple[tuple[int, Parity], ...]] = (
    (9600, "none"), (19200, "even"), (9600, "even"), (19200, "none"), (38400, "none"), (115200, "none"),
    (4800, "none"), (57600, "none"), (2400, "none"), (38400, "even"), (9600, "odd"), (19200, "odd"),
)  # fmt: skip
"""Speeds and parities, the most usual first: makers' habit, then the Modbus specification's own (19,200 8E1).
One stop bit: a unit set to two hears one, and two are heard as one and a pause."""


class Way(NamedTuple):
    """A setting of a wire. port: with its timeout, which is that of a knock."""

    port: Port
    open_link: Open
    parity: Parity = "none"


class Unit(NamedTuple):
    """A unit that answers. candidates: the profiles it is like, the most like first."""

    number: int
    candidates: Sequence[Likeness]


class Swept(NamedTuple):
    """everywhere: the one device there answers to every number."""

    way: Way
    units: Sequence[Unit]
    everywhere: bool = False


class Told(Protocol):
    """Who is told how far it is."""

    def trying(self, way: Way, units: int) -> None:
        """So many units are about to be asked this way."""

    def asked(self, unit: int, *, answers: bool) -> None: ...


class Sweep:
    """profiles: parsed YAML by name. plausible: whether a value can be true of its quantity. force: go on
    though others talk on the line."""

    def __init__(
        self, profiles: Mapping[str, Mapping[str, Any]], plausible: Plausible, told: Told, *, force: bool
    ) -> None:
        self._profiles = profiles
        self._plausible = plausible
        self._told = told
        self._force = force
        self._listened = False

    async def run(self, ways: Sequence[Way], units: Sequence[int]) -> Swept | None:
        """None: nobody answers any way. Raises LinkDown, LineInUse."""
        failures: dict[Way, LinkDown] = {}
        for part in (_only(units, lambda unit: unit in USUAL), _only(units, lambda unit: unit not in USUAL)):
            for way in ways if part else ():
                if way in failures:
                    continue
                async with self._conversation(way) as conversation:
                    try:
                        if swept := await self._sweep(way, conversation, part, units):
                            return swept
                    except LinkDown as failure:  # not spoken to as the far side expects it
                        failures[way] = failure
        if len(failures) == len(ways):
            raise failures[ways[-1]]
        return None

    async def read(self, way: Way, requests: Sequence[Request]) -> dict[Request, Answer]:
        """Each asked alone, of a unit that is there. Raises LinkDown, LineInUse."""
        answers: dict[Request, Answer] = {}
        async with self._conversation(way) as conversation:
            for request in requests:
                answers |= await conversation.answers([request])
        return answers

    @asynccontextmanager
    async def _conversation(self, way: Way) -> AsyncIterator[Conversation]:
        conversation = await Conversation.begin(way.open_link, way.port, force=self._force)
        try:
            if way.port.rtu and not self._listened:
                self._listened = True
                await conversation.listen(LISTEN_S)
            yield conversation
        finally:
            conversation.end()

    async def _sweep(
        self, way: Way, conversation: Conversation, part: Sequence[int], units: Sequence[int]
    ) -> Swept | None:
        found = await self._knocked(way, conversation, part)
        if not found:
            return None
        everywhere = not way.port.rtu and await _everywhere(conversation)
        if everywhere:
            found = found[:1]
        else:
            found += await self._knocked(way, conversation, _only(units, lambda unit: unit not in part))
        known = [Unit(unit, await self._candidates(conversation, unit)) for unit in sorted(found)]
        return Swept(way, known, everywhere)

    async def _knocked(self, way: Way, conversation: Conversation, units: Sequence[int]) -> list[int]:
        """Those of the units that answer."""
        if units:
            self._told.trying(way, len(units))
        found = []
        for unit in units:
            answers = await _knock(conversation, unit)
            self._told.asked(unit, answers=answers)
            if answers:
                found.append(unit)
        for unit in sorted(conversation.late.intersection(units).difference(found)):
            if await _knock(conversation, unit, PATIENTLY):
                self._told.asked(unit, answers=True)
                found.append(unit)
        return found

    async def _candidates(self, conversation: Conversation, unit: int) -> Sequence[Likeness]:
        answers: dict[Request, Answer] = {}
        found = []
        for name in self._profiles:
            asked = asking(name, unit, self._profiles)
            missing = [request for request in asked.requests() if request not in answers]
            answers |= await conversation.answers(missing, asked.max_read)
            found.append(likeness(asked, answers, self._plausible))
        return ranked(like for like in found if like is not None)


async def _knock(conversation: Conversation, unit: int, patience: float = 1.0) -> bool:
    for function, address in ((3, 0), (4, 1)):
        if await conversation.ask(Request(unit, function, address, 1), patience):
            return True
    return False


async def _everywhere(conversation: Conversation) -> bool:
    for unit in UNLIKELY:
        if not await _knock(conversation, unit):
            return False
    return True


def _only(units: Sequence[int], wanted: Callable[[int], bool]) -> list[int]:
    return [unit for unit in units if wanted(unit)]
