"""``truth.jsonl``: what truly happened, one JSON object a line, written before anybody can ask for it.

Every line has ``t`` (RFC 3339, milliseconds, UTC), ``port`` and ``what``:

=========  ====================================================================================
what       further keys
=========  ====================================================================================
tag        code (15 digits; of a UHF reader the EPC), hdx or form or antenna or mode, repeat (0 when the tag
           comes into the field and is said first), delivered, faults
scan       kind, code (as printed below the symbol, in the order of the identifiers), delivered, faults
weight     net (kg; null: out of range), tare (kg), stable, delivered, faults
reply      unit, function, address, count, words (as sent), values (by name; null: the device's
           error value) or exception, asked (when the request was complete), delivered, faults, late_ms
fix        valid, lat, lon, speed (m/s), course, utc, delivered, faults, spoilt (sentences damaged)
door       open: the door of a room, whose name stands as port, opens or closes
advert     unit, kind, address; temperature, humidity (null: the probe has none), battery (%), voltage
           (mV), closed, counter, each where its frame says it; repeat (0: the first with this
           measurement), delivered, faults
forged     unit, kind, address, how (``replayed``, ``spoofed``), delivered
value      unit, kind, address, characteristic, temperature or humidity, delivered, faults: a connected
           probe's notification
link       unit, kind, address, connected
cured      fault: a fault of the adapter that the gateway has ended
strangers  adverts: how many came in a flood that has ended
ignored    bytes (hex) of a request that made no sense on the wire
overrun    bytes: how many nobody had read for so long that they were thrown away
fault      fault, unit, on, and the options of the fault
=========  ====================================================================================

``delivered`` says that the intact message was put on the wire. ``faults`` names what touched it; a late
answer is intact, and its ``late_ms`` says by how much.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from simulators.clock import stamp


class Truth:
    """Writes the file; without a path it does nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file = -1

    def open(self) -> None:
        """Begins a new file."""
        if self.path is not None:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)

    @property
    def kept(self) -> bool:
        """Whether anything is written."""
        return self._file >= 0

    def write(self, port: str, what: str, **facts: object) -> None:
        """One line of facts."""
        if self.kept:
            self.line(port, what, json.dumps(facts, ensure_ascii=False)[1:-1])

    def line(self, port: str, what: str, members: str) -> None:
        """One line whose further members are JSON already: for what is written a thousand times a second."""
        if self.kept:
            line = f'{{"t": "{stamp()}", "port": "{port}", "what": "{what}", {members}}}\n'
            os.write(self._file, line.encode())

    def close(self) -> None:
        """Writes nothing from here on."""
        if self.kept:
            os.close(self._file)
            self._file = -1
