"""What a day comes to: the bytes of every port in the order of their time, and the truth behind them."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from simulators.bluez.advert import Advert
from simulators.bluez.layouts import LAYOUTS, Sample
from simulators.clock import stamp

PORT_OF_RADIO = "radio"


class Said(NamedTuple):
    """A message of a port. at: seconds since the day began.

    Of a radio ``data`` is what the air carries: the six bytes of the address, then the advertising data.
    """

    at: float
    port: str
    data: bytes


class Day:
    """A tape that actors write on in any order. begins: UTC. seed: the same one plays the same day.

    The truth's lines are those of ``simulators/truth.py`` in form: ``t``, ``port``, ``what`` and more; each
    actor's docstring lists its own.
    """

    def __init__(self, begins: datetime, seed: int = 0) -> None:
        self.begins = begins
        self._seed = seed
        self._said: list[Said] = []
        self._truth: list[tuple[float, dict[str, Any]]] = []

    def rng(self, name: str) -> random.Random:
        """Chance for one actor, that does not hang on what the others do."""
        return random.Random(f"{self._seed}:{name}")

    def say(self, at: float, port: str, data: bytes) -> None:
        """A port sends these bytes."""
        self._said.append(Said(at, port, data))

    def know(self, at: float, port: str, what: str, **facts: object) -> None:
        """This truly happened. A fact that is an instant, in seconds, is named ``…_at``."""
        told = {name: self.stamp(value) if name.endswith("_at") else value for name, value in facts.items()}
        self._truth.append((at, {"t": self.stamp(at), "port": port, "what": what, **told}))

    def stamp(self, at: object) -> str | None:
        """RFC 3339 of an instant of the day."""
        return stamp(self.begins + timedelta(seconds=at)) if isinstance(at, int | float) else None

    @property
    def tape(self) -> list[Said]:
        """In the order of time."""
        return sorted(self._said, key=lambda said: said.at)

    @property
    def truth(self) -> list[dict[str, Any]]:
        """In the order of time."""
        return [facts for _, facts in sorted(self._truth, key=lambda line: line[0])]

    def write_truth(self, path: Path) -> None:
        """``truth.jsonl``."""
        lines = (json.dumps(facts, ensure_ascii=False) for facts in self.truth)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


class Probe:
    """A beacon that says what it is told to have measured. kind: one of the ``LAYOUTS``."""

    def __init__(self, day: Day, kind: str, address: str) -> None:
        self._day = day
        self._layout = LAYOUTS[kind]
        self._address = address
        self._octets = bytes.fromhex(address.replace(":", ""))
        self._counter = 0

    def say(self, at: float, temperature: float, humidity: float = 80.0, closed: bool = True) -> float:
        """Measures and advertises at once; what it shows of the temperature, to its resolution."""
        step = self._layout.temperature_step
        shown = round(round(temperature / step) * step, 4)
        damp = round(round(humidity / self._layout.humidity_step) * self._layout.humidity_step, 4)
        self._counter += 1
        payload = self._layout.encode(Sample(shown, damp, 90, self._counter, closed), self._octets)
        advert = Advert(self._address, payload.manufacturer, payload.services, payload.uuids)
        air = b"".join(bytes((len(data) + 1, kind)) + data for kind, data in advert.structures)
        self._day.say(at, PORT_OF_RADIO, self._octets + air)
        return shown
