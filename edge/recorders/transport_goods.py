"""What is loaded and delivered: said by a person, or scanned.

A code that is scanned is loaded; scanned again once the vehicle has been on its way with it, it is delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias, TypeVar

from drivers.contract import NANOSECONDS, Instant
from edge.instant import rfc3339
from edge.recorders.memory import Table
from edge.recorders.transport_rows import Handed, Plan, Rows, Trip
from edge.records.transport import Cargo, Goods

Way: TypeAlias = Literal["loaded", "delivered"]

MOST_CODES: Final = 500
"""Of a trip each way; more are counted."""

SAME_HANDLING: Final = 10 * 60 * NANOSECONDS
"""What was loaded on the way and is scanned again this soon was scanned twice."""


def hand(rows: Rows, plan: Plan, way: Way, goods: Handed) -> None:
    """Goods go on or off; the same code again, said with its quantity, is more of it."""
    key = f"{plan.name} {way} {goods.subject} {goods.receiver or ''}"
    before = rows.goods.get(key)
    if before is None and sum(1 for _ in _rows(rows.goods, plan, way)) >= MOST_CODES:
        vehicle = rows.vehicle(plan)
        vehicle.unlisted[way] = vehicle.unlisted.get(way, 0) + (goods.count or 1)
        rows.vehicles.put(plan.name, vehicle)
        return
    if before is not None:
        goods.count = _sum(before.count, goods.count)
        goods.mass_kg = _sum(before.mass_kg, goods.mass_kg)
        goods.at = max(before.at, goods.at) if way == "delivered" else min(before.at, goods.at)
    rows.goods.put(key, goods)


def scanned(rows: Rows, plan: Plan, trip: Trip | None, goods: Handed) -> Way | None:
    """What a scan of this code says; None: it was scanned twice."""
    loaded = rows.goods.get(f"{plan.name} loaded {goods.subject} ")
    if loaded is None:
        return "loaded"
    if any(row.subject == goods.subject for row in _rows(rows.goods, plan, "delivered")):
        return None
    if trip is not None and trip.sure:
        travelled = loaded.at <= trip.since or goods.at - loaded.at >= SAME_HANDLING
    else:
        travelled = loaded.at <= rows.vehicle(plan).ended
    return "delivered" if travelled else None


def cargo(rows: Rows, plan: Plan, way: Way, until: int) -> tuple[Cargo, list[Handed]]:
    """As the record says it, and row by row. What was loaded later than ``until`` is of the next trip."""
    known = (row for row in _rows(rows.goods, plan, way) if way == "delivered" or row.at <= until)
    handed = sorted(known, key=lambda row: (row.at, row.subject))  # rows come back from disk in another order
    weights = [row.mass_kg for row in handed if row.mass_kg is not None]
    unlisted = rows.vehicle(plan).unlisted.get(way, 0)
    goods = [
        Goods(
            subject=row.subject,
            at=rfc3339(Instant(row.at)),
            count=row.count,
            mass_kg=row.mass_kg,
            receiver=row.receiver,
        )
        for row in handed
    ]
    # a quantity that nobody gave is one: a code that is scanned is a piece
    count = sum(1 if row.count is None else row.count for row in handed) + unlisted
    mass_kg = round(sum(weights), 3) if weights else None
    return Cargo(count=count, mass_kg=mass_kg, goods=goods, unlisted=unlisted), handed


def forget_delivered(rows: Rows, plan: Plan, since: int) -> None:
    """A trip begins: what the one before it carried is no longer aboard."""
    vehicle = rows.vehicle(plan)
    for key, row in rows.goods.items():
        way = key.removeprefix(f"{plan.name} ").partition(" ")[0] if key.startswith(f"{plan.name} ") else ""
        if (way == "loaded" and row.at <= vehicle.ended) or (way == "delivered" and row.at <= since):
            rows.goods.drop(key)
    vehicle.unlisted.clear()
    rows.vehicles.put(plan.name, vehicle)


def _rows(goods: Table[Handed], plan: Plan, way: Way) -> Iterator[Handed]:
    prefix = f"{plan.name} {way} "
    return (row for key, row in goods.items() if key.startswith(prefix))


Number = TypeVar("Number", int, float)


def _sum(one: Number | None, other: Number | None) -> Number | None:
    """Of what is known."""
    if one is None or other is None:
        return one if other is None else other
    return one + other
