"""From what is remembered of a room to its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from drivers.contract import Instant
from edge.instant import rfc3339
from edge.journal.trail import Link
from edge.recorders.issuer import Issuer, spelt, subject
from edge.recorders.origins import DERIVED, SETTINGS, sensed
from edge.recorders.room import Amount, Direction, Interval, Moved, Room
from edge.recorders.switch import Switch
from edge.records.record import Climate, Origin
from edge.records.storage import (
    Defrost,
    Door,
    Movement,
    Quantity,
    StorageBasic,
    StorageExtended,
    StorageRecord,
)

MOST_MOVEMENTS: Final = 200
"""Told one by one in an interval's record; each has its own record besides."""


def of_interval(
    room: Room,
    issuer: Issuer,
    now: Interval,
    *,
    moves: Sequence[Moved],
    present: int | None,
    climate: Mapping[str, Climate],
    switches: Mapping[str, Switch],
) -> StorageRecord:
    """An interval that is over. present: see ``StorageBasic``."""
    since, until = Instant(now.since), Instant(now.until)
    source = {f"climate.{quantity}": sensed(room.probes[quantity]) for quantity in climate}
    states: dict[str, Any] = {}
    if room.door is not None:
        opened, open_s, unknown_s = switches["door"].ended(until)
        states["door"] = Door(opened=opened, open_s=open_s, unknown_s=unknown_s)
        source["basic.door"] = sensed(room.door[:1])
    if room.defrost is not None:
        begun, running_s, unknown_s = switches["defrost"].ended(until)
        states["defrost"] = Defrost(begun=begun, running_s=running_s, unknown_s=unknown_s)
        source["basic.defrost"] = sensed(room.defrost[:1])
    return StorageRecord(
        id=issuer.id("storage", room.name, since),
        revision=1,
        operator=issuer.operator,
        since=rfc3339(since),
        to=rfc3339(until),
        place=room.place,
        basic=StorageBasic(**_basic(room, issuer, since, moves, present), **states),
        extended=StorageExtended(
            bin=room.place,
            workers=_workers(moves),
            late=now.late + sum(switch.late for switch in switches.values()),
            repeated=now.repeated,
            other_scans=now.other_scans,
        ),
        climate=dict(climate),
        source=_settings(room) | _counted(present, DERIVED) | _worked(moves) | source,
    )


def of_movement(room: Room, issuer: Issuer, moved: Moved, link: Link, present: int | None) -> StorageRecord:
    """Goods that went in or out. present: as it is behind it."""
    at = Instant(moved.at)
    told = _told(moved)
    return StorageRecord(
        id=issuer.id("storage", f"{room.name} {moved.direction} {moved.node}", at),
        revision=1,
        operator=issuer.operator,
        since=rfc3339(at),
        place=room.place,
        subjects=[subject(moved.node, "goods")],
        basic=StorageBasic(**_basic(room, issuer, at, [moved], present)),
        extended=StorageExtended(bin=room.place, workers=_workers([moved])),
        source=_settings(room) | _counted(present, told.source) | _worked([moved]),
        links=spelt([link]),
    )


def _basic(
    room: Room, issuer: Issuer, since: Instant, moves: Sequence[Moved], present: int | None
) -> dict[str, Any]:
    """What both say. Where nobody tells what moves, there is no 0 of it either."""
    counted = {} if present is None else {"entered": _sum(moves, "in"), "left": _sum(moves, "out")}
    return {
        "location": room.title,
        "date": issuer.local(since).date().isoformat(),
        "facility": room.facility,
        "present": present,
        "movements": [_told(moved) for moved in moves[:MOST_MOVEMENTS]],
        "unlisted": max(len(moves) - MOST_MOVEMENTS, 0),
        **counted,
    }


def _sum(moves: Iterable[Moved], direction: Direction) -> Quantity:
    whole = Amount()
    for moved in moves:
        if moved.direction == direction:
            whole.add(moved.amount)
    return Quantity(count=whole.count, mass_kg=whole.mass_kg)


def _workers(moves: Iterable[Moved]) -> list[str]:
    return list(dict.fromkeys(moved.by for moved in moves if moved.by))


def _worked(moves: Sequence[Moved]) -> dict[str, Origin]:
    """Who tells who worked there: the settings where a scanner saw the goods, else the worker himself."""
    origins = [SETTINGS if moved.device else _by_hand(moved) for moved in moves if moved.by]
    if not origins:
        return {}
    same = all(origin == origins[0] for origin in origins)
    return {"extended.workers": origins[0] if same else DERIVED}


def _settings(room: Room) -> dict[str, Origin]:
    """What the settings say of the room, and the day, which is the clock's."""
    facility = {"basic.facility": SETTINGS} if room.facility is not None else {}
    return {"basic.location": SETTINGS, "extended.bin": SETTINGS, "basic.date": DERIVED, **facility}


def _counted(present: int | None, movements: Origin) -> dict[str, Origin]:
    """Of an interval each movement says where it comes from; what they come to is derived."""
    if present is None:
        return {}
    derived = dict.fromkeys(("basic.entered", "basic.left", "basic.present"), DERIVED)
    return {"basic.movements": movements, **derived}


def _told(moved: Moved) -> Movement:
    return Movement(
        at=rfc3339(Instant(moved.at)),
        direction=moved.direction,
        subject=moved.node,
        quantity=Quantity(count=moved.amount.count, mass_kg=moved.amount.mass_kg),
        worker=moved.by or None,
        source=sensed([moved.device]) if moved.device else _by_hand(moved),
    )


def _by_hand(moved: Moved) -> Origin:
    return Origin(kind="person", name=moved.by, at=rfc3339(Instant(moved.entered)))
