"""A cold store: pallets come and go, the door stands open too long.

Its truth:

=========  ===================================================================================
what       further keys
=========  ===================================================================================
moved      code (``sscc``), direction (in, out): a pallet carried past the scanner
dispatched code (``sscc``), receiver (GLN): both scanned at the dock
door       place, open
air        place, temperature (true, Cel), shown
warm       place, above (Cel), until_at: the true air above it
=========  ===================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

from simulators.barcode_scanner import END, Symbol, pallet
from simulators.climate import Room, RoomOptions
from simulators.clock import Played
from simulators.days.tape import Day, Probe

AIR_EVERY_S = 10.0


@dataclass(frozen=True)
class Store:
    """What is played; times in seconds of the day.

    pallets: when each comes in, and when it goes out again (None: it stays). dispatched: so long after it
    went out a pallet leaves the dock, for the receiver with this GLN. above: what counts as warm.
    """

    room: RoomOptions
    pallets: tuple[tuple[float, float | None], ...] = ()
    dispatched: tuple[float, str] | None = None
    ends: float = 4 * 3600.0
    above: float = 4.0
    place: str = "cold-room-1"


def play(day: Day, store: Store) -> None:
    """Writes the day of this room."""
    rng = day.rng(store.place)
    for number, (came, went) in enumerate(store.pallets, start=1):
        symbol = pallet(number, rng)
        for at, direction in ((came, "in"), (went, "out")):
            if at is not None:
                day.say(at, "scanner", f"{symbol.aim}{symbol.sent}{END}".encode())
                code = symbol.sent.removeprefix("00")
                day.know(at, "scanner", "moved", code=code, direction=direction, place=store.place)
        if went is not None and store.dispatched is not None:
            _dispatch(day, went + store.dispatched[0], symbol, store.dispatched[1])
    air, door = Probe(day, "ruuvi-5", "C4:64:E3:00:00:21"), Probe(day, "teltonika-eye", "7C:D9:F4:00:00:22")
    watch_air(day, air, door, store)


def _dispatch(day: Day, at: float, symbol: Symbol, receiver: str) -> None:
    day.say(at - 5.0, "dock", f"]C1414{receiver}{END}".encode())
    day.say(at, "dock", f"{symbol.aim}{symbol.sent}{END}".encode())
    day.know(at, "dock", "dispatched", code=symbol.sent.removeprefix("00"), receiver=receiver)


def watch_air(day: Day, air: Probe, door: Probe, store: Store) -> None:
    """The room second by second: its probes speak every ten, that of the door at once when it moves."""
    clock = Played()
    room = Room(store.room, clock.seconds, day.rng(f"{store.place} air"))
    warm_since: float | None = None
    door_open = False
    for second in range(int(store.ends)):
        at = float(second)
        clock.go(at)
        temperature, humidity, is_open = room.look("air"), room.look("humidity"), room.look("door") > 0
        due = second % AIR_EVERY_S == 0
        if is_open != door_open:
            door_open = is_open
            day.know(at, "radio", "door", place=store.place, open=is_open)
            door.say(at, temperature, humidity, closed=not is_open)
        elif due:
            door.say(at, temperature, humidity, closed=not is_open)
        if due:
            shown, true = air.say(at, temperature, humidity), round(temperature, 4)
            day.know(at, "radio", "air", place=store.place, temperature=true, shown=shown)
        if (temperature > store.above) != (warm_since is not None):
            if warm_since is None:
                warm_since = at
            else:
                day.know(warm_since, "radio", "warm", place=store.place, above=store.above, until_at=at)
                warm_since = None
    if warm_since is not None:
        day.know(warm_since, "radio", "warm", place=store.place, above=store.above, until_at=None)
