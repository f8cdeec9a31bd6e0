"""贮存: a record of each interval of a room, and one of each movement into it or out of it.

::

    10:00                        11:00                     12:00      the clock on the wall
    ├── interval ───────────────┼── interval ─────────────┤
         ▲in        ▲out                    ▲in                       each a record at once, and in its
                                    ◀── told late: its own record,    interval
                                        counted as late here; the interval from 10:00 stays as it was

An interval closes with the first observation or tick behind its end, whatever was observed in it. One that
nobody watched because the gateway was off is a record too; of more than a day they are one.

Goods move as a scanner's place says (``in``, ``out``); at a scanner that serves both ways what is in the room
goes out and all else comes in; and as people enter it (the fact ``move``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from drivers.contract import NANOSECONDS, Instant, Observation, Quality, Reading, Sighting
from edge.codes.goods import goods
from edge.instant import rfc3339
from edge.journal.trail import Link
from edge.recorders.contract import Derived, Fact, Output, Unfit
from edge.recorders.issuer import Issuer
from edge.recorders.memory import Memory, Table
from edge.recorders.room import Amount, Direction, Interval, Moved, Room, Stock
from edge.recorders.storage_record import of_interval, of_movement
from edge.recorders.switch import Switch
from edge.recorders.wall_clock import DAY, interval_end, interval_start
from edge.recorders.watch import Held, Watch
from edge.records.storage import StorageRecord

NOW: Final = "now"
"""Key of the one row of the interval under way."""

NOTED: Final = 30 * NANOSECONDS
"""How finely it is remembered until when somebody watched ..."""

UNWATCHED: Final = 120 * NANOSECONDS
"""... and a jump in time that shows that nobody did; ticks come every second."""

RELATIONS: Final[dict[Direction, str]] = {"in": "entered", "out": "left"}


class Storage:
    """The recorder of one room."""

    takes = frozenset({"move"})

    def __init__(self, room: Room, issuer: Issuer) -> None:
        self.name = f"storage.{room.name}"
        self.hears = room.devices
        self._room = room
        self._issuer = issuer
        points = {"door": room.door, "defrost": room.defrost}
        self._points = {name: point for name, point in points.items() if point is not None}
        self._intervals = Table("interval", Interval)
        self._climate = Table("climate", Watch)
        self._switches = Table("switches", Switch)
        self._moved = Table("moved", Moved)
        self._stock = Table("stock", Stock)
        self.memory = Memory(self._intervals, self._climate, self._switches, self._moved, self._stock)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        yield from self.tick(item.at)
        if isinstance(item, Reading):
            self._read(device, item)
        elif isinstance(item, Sighting) and device in self._room.moves:
            yield from self._scanned(device, item)

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Goods were moved, as a person says. Raises Unfit for another place, and for goods that are in
        already unless it is said how many more."""
        said = fact.values
        if said["place"] != self._room.place:
            raise Unfit("no_room", place=said["place"], known=", ".join(self._room.rooms) or "-")
        there = self._stock.get(said["subject"])
        if said["direction"] == "in" and there is not None and "count" not in said:
            since = rfc3339(Instant(there.since))
            raise Unfit("in_already", subject=said["subject"], place=said["place"], since=since)
        closed = list(self.tick(fact.entered))
        amount = Amount(said.get("count", self._pieces(said["subject"])), said.get("mass_kg"))
        moved = Moved(fact.at, said["direction"], said["subject"], amount, fact.by, "", fact.entered)
        return [*closed, self._move(moved)]

    def tick(self, at: Instant) -> Iterable[Output]:
        """Closes what is over."""
        now = self._intervals.get(NOW)
        if now is None:
            self._begin(at)
            return
        self._see(now, at)
        while at >= now.until:
            yield Derived(self._interval(now))
            now = self._next(now, at)

    def _read(self, device: str, item: Reading) -> None:
        good = item.quality is Quality.GOOD and item.value is not None
        if good and device in self._room.probes.get(item.quantity, ()):
            watch = self._watch(item.quantity)
            watch.add(device, item.at, float(item.value or 0.0))
            self._climate.put(item.quantity, watch)
        for name, point in self._points.items():
            if point == (device, item.quantity):
                switch = self._switch(name)
                switch.say(item.at, bool(item.value) if good else None)
                self._switches.put(name, switch)

    def _scanned(self, device: str, item: Sighting) -> Iterator[Derived]:
        now = self._intervals[NOW]
        node = goods(item.code, self._room.carcass)
        there = node in self._stock
        direction = self._room.moves[device] or ("out" if there else "in")
        if node is None:
            now.other_scans += 1
        elif direction == "in" and there:
            now.repeated += 1
        else:
            moved = Moved(
                item.at, direction, node, Amount(self._pieces(node)), self._room.worker or "", device
            )
            yield self._move(moved)
        self._intervals.put(NOW, now)

    def _pieces(self, node: str) -> int:
        """How many pieces go where nobody says it: all that are there, or one."""
        there = self._stock.get(node)
        return there.amount.count if there is not None else 1

    def _move(self, moved: Moved) -> Derived:
        now = self._intervals[NOW]
        self._keep_stock(moved)
        if moved.at < now.since:
            now.late += 1
        else:
            self._moved.put(f"{now.moved:06}", moved)
            now.moved += 1
        self._intervals.put(NOW, now)
        return self._movement(moved)

    def _keep_stock(self, moved: Moved) -> None:
        there = self._stock.get(moved.node)
        if moved.direction == "in":
            there = there or Stock(moved.at, Amount())
            there.amount.add(moved.amount)
            self._stock.put(moved.node, there)
        elif there is not None:
            there.amount.take(moved.amount)
            if there.amount.count:
                self._stock.put(moved.node, there)
            else:
                self._stock.drop(moved.node)

    def _see(self, now: Interval, at: Instant) -> None:
        """Where time jumps the gateway was off, and nobody knows what door and plant did meanwhile."""
        if at - now.seen > UNWATCHED:
            for name in self._points:
                switch = self._switch(name)
                switch.say(Instant(max(now.seen, switch.upto)), None)
                self._switches.put(name, switch)
        if at - now.seen > NOTED:
            now.seen = at
            self._intervals.put(NOW, now)

    def _begin(self, at: Instant) -> None:
        """The first interval, from the moment at which somebody looks."""
        self._intervals.put(NOW, Interval(at, interval_end(at, self._room.every, self._issuer.zone), at))

    def _next(self, over: Interval, at: Instant) -> Interval:
        """The interval behind this one; with more than a day to catch up, all of that is one."""
        room, zone, since = self._room, self._issuer.zone, Instant(over.until)
        far = at - since > DAY
        until = interval_start(at, room.every, zone) if far else interval_end(since, room.every, zone)
        for quantity in room.probes:
            before = self._watch(quantity)
            self._climate.put(quantity, self._new_watch(quantity, since, dict(before.held)))
        for name in self._points:
            self._switches.put(name, self._switch(name).next(since))
        for key, _ in self._moved.items():
            self._moved.drop(key)
        following = Interval(since, until, over.seen)
        self._intervals.put(NOW, following)
        return following

    def _watch(self, quantity: str) -> Watch:
        """Of this interval; one of a probe that the settings have gained meanwhile knows nothing yet."""
        since = Instant(self._intervals[NOW].since)
        return self._climate.get(quantity) or self._new_watch(quantity, since, {})

    def _new_watch(self, quantity: str, since: Instant, held: dict[str, Held]) -> Watch:
        room = self._room
        limit = room.limit if quantity == "temperature" else None
        return Watch(since, room.series, room.patience[quantity], limit, held=held)

    def _switch(self, name: str) -> Switch:
        return self._switches.get(name) or Switch(self._intervals[NOW].since)

    def _interval(self, now: Interval) -> StorageRecord:
        until = Instant(now.until)
        return of_interval(
            self._room,
            self._issuer,
            now,
            moves=[moved for _, moved in sorted(self._moved.items())],
            present=self._present(),
            climate={quantity: self._watch(quantity).ended(until) for quantity in self._room.probes},
            switches={name: self._switch(name) for name in self._points},
        )

    def _movement(self, moved: Moved) -> Derived:
        at = Instant(moved.at)
        link = Link(moved.node, RELATIONS[moved.direction], f"place:{self._room.place}", at)
        return Derived(of_movement(self._room, self._issuer, moved, link, self._present()), (link,))

    def _present(self) -> int | None:
        """Pieces in the room; None where nobody ever tells what moves."""
        if not self._room.moves and not self._stock and not self._moved:
            return None
        return sum(stock.amount.count for stock in self._stock.values())
