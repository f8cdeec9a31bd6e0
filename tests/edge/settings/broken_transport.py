"""Trips that cannot be told, of ``tests/configs/good/whole.yaml``."""

from __future__ import annotations

from tests.edge.settings.broken import Broken

ROUTE = "records.transport.to-lanzhou"
BEGIN = "begin: {leaves: yard}"
END = "end: {stays: yard, for: 20min}"

TRANSPORT = [
    Broken("      place: truck", "      place: ‸body", f"{ROUTE}.place", "no_vehicle", "kind: vehicle"),
    Broken(
        "      place: truck",
        "      place: ‸truk",
        f"{ROUTE}.place",
        "unknown_place_near",
        "did you mean truck?",
    ),
    Broken(
        "position: position", "position: ‸ignition", f"{ROUTE}.position", "no_position", "gives no positions"
    ),
    Broken(
        "[body-air, dock-tag]", "[body-air, ‸position]", f"{ROUTE}.climate[1]", "no_climate", "name a probe"
    ),
    Broken("door: chiller-1-door", "door: ‸body-air", f"{ROUTE}.door", "no_contact", "no contact"),
    Broken("scanner: ear-tags", "scanner: ‸body-air", f"{ROUTE}.scanner", "no_codes", "sees no codes"),
    Broken(BEGIN, "begin: {leaves: ‸stunning}", f"{ROUTE}.begin.leaves", "not_on_map", "radius: 300m"),
    Broken(END, "end: {stays: ‸body}", f"{ROUTE}.end.stays", "not_on_map", "is on no map"),
    Broken(BEGIN, "begin: {ignition: ‸body-air}", f"{ROUTE}.begin.ignition", "no_contact", "no contact"),
    Broken(BEGIN, "begin: {scan: ‸ignition, code: GO}", f"{ROUTE}.begin.scan", "no_codes", "name a scanner"),
    Broken(BEGIN, "begin: {scan: ‸ear-tags}", f"{ROUTE}.begin.scan", "needs", "add code"),
    Broken(BEGIN, "begin: {ignition: ignition, code: ‸GO}", f"{ROUTE}.begin.code", "needs", "add scan"),
    Broken(BEGIN, "begin: ‸{code: GO}", f"{ROUTE}.begin", "one_kind", "leaves, ignition, scan"),
    Broken(
        END, "end: ‸{stays: yard, ignition: ignition}", f"{ROUTE}.end", "one_kind", "stays, ignition, scan"
    ),
    Broken("every: 30min", "every: ‸10s", f"{ROUTE}.every", "measure_low", "1min"),
    Broken(
        "never_longer_than: 48h",
        "never_longer_than: ‸30d",
        f"{ROUTE}.never_longer_than",
        "measure_high",
        "7d",
    ),
    Broken("slower: 3km/h", "slower: ‸3", f"{ROUTE}.stop.slower", "unit_missing", "3km/h"),
    Broken("for: 4min", "‸fro: 4min", f"{ROUTE}.stop.fro", "unknown_key_near", "did you mean for?"),
    Broken("      limit: 5.5", "      ‸limits: 5.5", f"{ROUTE}.limits", "unknown_key_near", "limit?"),
    Broken(
        "  transport:\n    to-lanzhou:\n",
        "  transport: {}\n  ‸transprt:\n    to-lanzhou:\n",
        "records.transprt",
        "unknown_key_near",
        "did you mean transport?",
    ),
]
