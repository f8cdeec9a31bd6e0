"""Rooms and docks that do not hold, of ``tests/configs/good/whole.yaml``."""

from __future__ import annotations

from tests.edge.settings.broken import Broken

COLD = "records.storage.cold-1"
GATE = "records.dispatch.gate"

GOODS = [
    Broken("      place: chiller-1\n", "", f"{COLD}.place", "missing", "place is missing", "cold-1:"),
    Broken(
        "{place: body, cl", "{place: ‸boddy, cl", "records.storage.load.place", "unknown_place_near", "body?"
    ),
    Broken(
        "{place: body, cl",
        "{place: ‸chiller-1, cl",
        "records.storage.load.place",
        "room_twice",
        "by cold-1 in line",
    ),
    Broken(
        "{place: body, cl",
        "{place: ‸lanzhou, cl",
        "records.storage.load.place",
        "no_room",
        "lanzhou is a customer",
    ),
    Broken(
        "[chiller-1-air, dock-tag]",
        "[chiller-1-air, ‸dock-tog]",
        f"{COLD}.climate[1]",
        "unknown_device_near",
        "tag?",
    ),
    Broken("[chiller-1-air, dock-tag]", "‸[]", f"{COLD}.climate", "empty_list", "at least"),
    Broken(
        "[chiller-1-air, dock-tag]",
        "[chiller-1-air, ‸chiller-1-door]",
        f"{COLD}.climate[1]",
        "tells_none",
        "one of: temperature, humidity",
    ),
    Broken("door: gate\n", "door: ‸body-control\n", f"{COLD}.door", "tells_none", "one of: open, door"),
    Broken("defrost: body-control", "defrost: ‸body-air", f"{COLD}.defrost", "tells_none", "one of: defrost"),
    Broken(
        "      moves: ear-tags",
        "      moves: ‸body-air",
        f"{COLD}.moves",
        "sees_no_codes",
        "temperature, humidity",
    ),
    Broken(
        "moves_in: ear-tags",
        "move_in: ear-tags",
        "records.storage.load.move_in",
        "unknown_key_near",
        "moves_in?",
        "move_in",
    ),
    Broken(
        "carcass: YD[0-9]{11}",
        "carcass: ‸YD[0-9{11}",
        f"{COLD}.carcass",
        "no_pattern",
        "no regular expression",
    ),
    Broken("every: 2h", "every: ‸2d", f"{COLD}.every", "measure_high", "1d"),
    Broken(
        "scanner: hook-core", "scanner: ‸dock-air", f"{GATE}.scanner", "sees_no_codes", "dock-air measures"
    ),
    Broken("climate: [dock-air]", "climate: [‸position]", f"{GATE}.climate[0]", "tells_none", "lat"),
]
