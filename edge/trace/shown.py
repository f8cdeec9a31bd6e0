"""A trace as people read it; facts in, text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge.messages import Lang, text, word
from edge.quantities import QUANTITIES
from edge.show import duration

MOST_LINES: Final = 40
"""Of one section; programs get all."""

_TOLD_AS_STAYS: Final = frozenset({"entered", "left"})


class Shown:
    """Speaks one language, in one zone, and calls places as the settings do (``names``)."""

    def __init__(self, lang: Lang, zone: ZoneInfo, names: Mapping[str, str]) -> None:
        self._lang = lang
        self._zone = zone
        self._names = names
        self._say = partial(text, lang)

    def trace(self, facts: Mapping[str, Any]) -> str:
        """The whole of ``tagtrail trace CODE``."""
        steps = {
            way: [step for step in facts[way] if step["relation"] not in _TOLD_AS_STAYS]
            for way in ("back", "forward")
        }
        lines = [
            self._say("trace.title", code=self.name(facts["code"])),
            *self._section("animals", facts["animals"], self._animal),
            *self._section("back", steps["back"], self._step),
            *self._section("forward", steps["forward"], self._step),
            *self._section("stays", facts["stays"], self._stay),
            *self._around(facts.get("around")),
        ]
        return "\n".join([*lines, *self._incomplete(facts)])

    def met(self, facts: Mapping[str, Any]) -> str:
        """The whole of ``tagtrail trace --lot`` and ``--county``."""
        counts = {name: len(facts[name]) for name in ("seeds", "stays", "met")}
        lines = [
            self._say("trace.met_title", **counts),
            *self._section("stays", facts["stays"], self._stay),
            *self._section("met", facts["met"], self._met),
        ]
        return "\n".join([*lines, *self._incomplete(facts)])

    def name(self, node: str) -> str:
        """``carcass:261122000123`` as people call it."""
        scheme, _, value = node.partition(":")
        if scheme in {"place", "vehicle"}:
            return self._names.get(value, value)
        shown = value[:8] if scheme == "trip" else value
        return f"{self._word('scheme', scheme)} {shown}"

    def _word(self, group: str, term: object) -> str:
        return word(self._lang, f"{group}_{term}", "trace").removeprefix(f"{group}_")

    def _time(self, written: str | None) -> str:
        if written is None:
            return self._say("trace.open")
        return datetime.fromisoformat(written).astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def _section(
        self, title: str, items: Sequence[Mapping[str, Any]], line: Callable[[Mapping[str, Any]], str]
    ) -> Iterator[str]:
        if not items:
            return
        yield self._say(f"trace.{title}")
        yield from ("  " + line(item) for item in items[:MOST_LINES])
        if len(items) > MOST_LINES:
            yield "  " + self._say("trace.more", count=len(items) - MOST_LINES)

    def _animal(self, animal: Mapping[str, Any]) -> str:
        code = self.name(animal["code"])
        county = animal.get("county")
        if county is None:
            return self._say("trace.animal_bare", code=code)
        species = self._word("species", str(animal["species"]).lower())
        named = county.get("name", "–")
        return self._say("trace.animal", code=code, species=species, county=named, division=county["code"])

    def _step(self, step: Mapping[str, Any]) -> str:
        return self._say(
            "trace.step",
            at=self._time(step["at"]),
            source=self.name(step["source"]),
            relation=self._word("relation", step["relation"]),
            target=self.name(step["target"]),
        )

    def _stay(self, stay: Mapping[str, Any]) -> str:
        line = self._say("trace.stay", **self._span(stay), what=self.name(stay["what"]))
        if "climate" not in stay:
            return line
        climate = [self._climate(quantity, told) for quantity, told in stay["climate"].items()]
        return "\n    ".join([line, *(climate or [self._say("trace.no_climate")])])

    def _span(self, stay: Mapping[str, Any]) -> dict[str, str]:
        where = self.name(stay["where"])
        if "vehicle" in stay:
            where = self._say("trace.with_vehicle", trip=where, vehicle=self.name(stay["vehicle"]))
        return {"since": self._time(stay["from"]), "until": self._time(stay.get("to")), "where": where}

    def _climate(self, quantity: str, told: Mapping[str, Any]) -> str:
        if "mean" not in told:
            return f"{word(self._lang, quantity)}: {self._say('trace.no_climate')}"
        unit = QUANTITIES[quantity].unit if quantity in QUANTITIES else ""
        shown = self._say(
            "trace.climate",
            quantity=word(self._lang, quantity),
            **{name: f"{told[name]:g}" for name in ("min", "max")},
            mean=f"{told['mean']:.1f}",
            unit=unit,
        )
        if "limit" in told and "beyond_s" in told:
            beyond = duration(told["beyond_s"])
            shown += self._say("trace.climate_limit", beyond=beyond, limit=f"{told['limit']:g}", unit=unit)
        return shown + (self._say("trace.climate_gaps", gaps=told["gaps"]) if told["gaps"] else "")

    def _around(self, around: Mapping[str, Any] | None) -> Iterator[str]:
        if around is None:
            return
        yield self._say("trace.around")
        for side in ("before", "after"):
            for position in around[side]:
                codes = self._names_of(position["codes"])
                yield "  " + self._say(f"trace.line_{side}", at=self._time(position["at"]), codes=codes)

    def _met(self, stay: Mapping[str, Any]) -> str:
        animals = self._names_of(stay["animals"]) or "–"
        return self._say("trace.met_one", **self._span(stay), what=self.name(stay["what"]), animals=animals)

    def _names_of(self, nodes: Iterable[str]) -> str:
        return ", ".join(self.name(node) for node in nodes)

    def _incomplete(self, facts: Mapping[str, Any]) -> Iterator[str]:
        if "rest" in facts:
            yield self._say("trace.rest", rest=self._time(facts["rest"]).replace(" ", "T"))
        if not facts["complete"]:
            yield self._say("trace.incomplete")
