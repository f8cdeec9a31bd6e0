"""Codes that must not pass: a sighting of one raises an alarm at once, with the platform or without it.

What is held now is remembered, so that the list still holds after a start without a network. A newer list
takes the place of the one before; an alarm is cleared by the list that no longer has its code, or when the
hold's time is over. An animal is held with its lot and its certificate, a carcass with its animal: what a
code stands for is known to those who saw it come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from drivers.contract import Instant, Observation, Sighting
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.recorders.contract import Fact, Notice, Output, Unfit
from edge.recorders.hold_list import Hold, HoldList
from edge.recorders.memory import Memory, Table

KIND: Final = "holds"
_ISSUED: Final = "issued"
_PREFIX: Final = "^"
"""No scheme begins so."""


@dataclass(slots=True)
class Held:
    """A row: a hold of the list, by its code, that of a prefix after ``^``. until: ns."""

    reason: str
    until: int | None


@dataclass(slots=True)
class Standing:
    """A row: a code that was seen while it was held, by the code. hold: the key of the hold. until: its."""

    hold: str
    until: int | None


def _nothing(_node: str) -> Iterable[str]:
    return ()


class Holds:
    """hears: every device that sees codes. stands_for: the nodes that are held with a code that was seen."""

    name = "holds"
    takes = frozenset({KIND})

    def __init__(self, hears: Iterable[str], stands_for: Callable[[str], Iterable[str]] = _nothing) -> None:
        self.hears = frozenset(hears)
        self._stands_for = stands_for
        self._issued = Table("issued", int, told=True)
        self._held = Table("held", Held, told=True)
        self._standing = Table("standing", Standing, told=True)
        self.memory = Memory(self._issued, self._held, self._standing)
        self._prefixes: dict[int, set[str]] | None = None

    @property
    def issued(self) -> Instant | None:
        """Of the list that holds."""
        issued = self._issued.get(_ISSUED)
        return None if issued is None else Instant(issued)

    def __len__(self) -> int:
        return len(self._held)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        if not isinstance(item, Sighting):
            return
        node = f"{item.code.scheme}:{item.code.value}"
        if not len(self._held) or node in self._standing or (key := self._with(node, item.at)) is None:
            return
        held = self._held[key]
        self._standing.put(node, Standing(key, held.until))
        yield Notice(item.at, Cause.HELD, node, {"device": device, **_told(key, held)}, severity="high")

    def enter(self, fact: Fact) -> Iterable[Output]:
        """A list (``HoldList``, under ``list``). Raises Unfit for one that is not newer."""
        new: HoldList = fact.values["list"]
        if self.issued is not None and new.issued <= self.issued:
            raise Unfit("holds_older", issued=rfc3339(new.issued), stands=rfc3339(self.issued))
        self._replace(new.holds)
        self._issued.put(_ISSUED, new.issued)
        return list(self._settle(fact.at, [node for node, _ in self._standing.items()]))

    def tick(self, at: Instant) -> Iterable[Output]:
        over = [node for node, row in self._standing.items() if row.until is not None and at >= row.until]
        return self._settle(at, over)

    def _replace(self, holds: Iterable[Hold]) -> None:
        """Rows that stay as they are are not written again."""
        new = {
            f"{_PREFIX}{hold.code}" if hold.prefix else hold.code: Held(hold.reason, hold.until)
            for hold in holds
        }
        for key, _ in self._held.items():
            if key not in new:
                self._held.drop(key)
        for key, held in new.items():
            if self._held.get(key) != held:
                self._held.put(key, held)
        self._prefixes = None

    def _settle(self, at: Instant, nodes: Iterable[str]) -> Iterator[Notice]:
        """Clears what is held no longer; what another hold still has stands on."""
        for node in nodes:
            key = self._with(node, at)
            if key is None:
                self._standing.drop(node)
                yield Notice(at, Cause.HELD, node, active=False)
            else:
                self._standing.put(node, Standing(key, self._held[key].until))

    def _with(self, node: str, at: Instant) -> str | None:
        """The key of the hold that has this code, or what it stands for."""
        keys = (self._match(each, at) for each in (node, *self._stands_for(node)))
        return next((key for key in keys if key is not None), None)

    def _match(self, node: str, at: Instant) -> str | None:
        """The key of the hold that has this code at this time; the exact one first."""
        if self._holds(node, at):
            return node
        if self._prefixes is None:
            self._prefixes = _by_length(key for key, _ in self._held.items() if key.startswith(_PREFIX))
        for length, keys in self._prefixes.items():
            key = _PREFIX + node[:length]
            if key in keys and self._holds(key, at):
                return key
        return None

    def _holds(self, key: str, at: Instant) -> bool:
        held = self._held.get(key)
        return held is not None and (held.until is None or at < held.until)


def _by_length(keys: Iterable[str]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for key in keys:
        found[len(key) - len(_PREFIX)].add(key)
    return dict(found)


def _told(key: str, held: Held) -> dict[str, Any]:
    until = {} if held.until is None else {"until": rfc3339(Instant(held.until))}
    return {"hold": key.removeprefix(_PREFIX), "reason": held.reason, **until}
