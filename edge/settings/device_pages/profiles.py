"""The page of a Modbus profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from drivers.contract import Driver
from drivers.modbus.profile import REGISTERS, Fault, Point, Profile, reads_bits
from edge.settings.device_pages.markdown import code, page, table
from edge.settings.device_pages.parts import both, quantity, unit
from edge.settings.device_pages.snippets import ports_for, role, snippet
from edge.settings.profiles import Profiles

_COMMENT: Final = re.compile(r"\s*# ?(.*)")
_POINT: Final = re.compile(r"  (\w+):")


class Probe(NamedTuple):
    """A profile with what its file says in comments: of the instrument, and of single points."""

    name: str
    profile: Profile
    comment: str
    notes: Mapping[str, str]

    @property
    def title(self) -> str:
        """The comment's first sentence."""
        return re.split(r"(?<=\.)\s", self.comment, maxsplit=1)[0]


def read_probe(name: str, folder: Path) -> Probe:
    """The profile of that name. Raises SettingsError or ValidationError where it does not hold."""
    notes = _comments((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return Probe(name, Profile.model_validate(Profiles(folder)[name]), notes.pop("", ""), notes)


def _comments(text: str) -> dict[str, str]:
    """The comment above each point, and under "" those above anything else: they are about the instrument."""
    comments: dict[str, list[str]] = {}
    waiting: list[str] = []
    for line in text.splitlines():
        if comment := _COMMENT.fullmatch(line):
            waiting.append(comment[1])
        elif waiting:
            point = _POINT.match(line)
            comments.setdefault(point[1] if point else "", []).extend(waiting)
            waiting = []
    return {name: "\n".join(lines) for name, lines in comments.items()}


def profile_page(probe: Probe, driver: Driver) -> str:
    """What the instrument is, how to set it up, and what its registers mean."""
    profile, factory = probe.profile, probe.profile.factory
    left = both("factory_says", **factory.model_dump()) if factory else both("factory_unknown")
    facts = [(both("factory"), left)]
    if profile.channels:
        facts.append((both("channels"), both("channels_says", **profile.channels.model_dump())))
    if "max_read" in profile.model_fields_set:
        facts.append((both("max_read"), both("max_read_says", count=profile.max_read)))
    facts.append((both("documented_as"), profile.documented_as))
    path = f"config/profiles/{probe.name}.yaml"
    facts.append((both("source"), f"[{path}](../../../{path})"))
    own: dict[str, object] = {"unit": factory.unit if factory else 1, "profile": probe.name}
    own |= {"channel": 1} if profile.channels else {}
    return page(
        f"# {probe.name}",
        probe.comment,
        table(("", ""), facts),
        f"## {both('registers')}",
        _registers(probe),
        f"## {both('paste')}",
        snippet("modbus", driver, ports_for(driver, "", factory), role(list(profile.points)), own),
    )


def _registers(probe: Probe) -> str:
    profile = probe.profile
    columns = ("quantity", "unit", "function", "printed", "address", "type")
    meaning = ("scale", "error_values", "valid_range", "fault", "note")
    rows = [
        (
            quantity(name),
            unit(name),
            both(f"function_{point.function or profile.function}"),
            _address(point.address) if profile.one_based else "",
            _address(point.address - profile.one_based),
            _type(point),
            "" if point.type == "bool" else f"× {point.scale:g}",
            ", ".join(_pattern(value, point, profile) for value in point.error_values),
            " … ".join(f"{bound:g}" for bound in point.valid_range or ()),
            _fault(point.fault, profile) if point.fault else "",
            probe.notes.get(name, ""),
        )
        for name, point in profile.points.items()
    ]
    return table([both(column) for column in (*columns, *meaning)], rows)


def _address(address: int) -> str:
    return f"{address} (0x{address:04X})"


def _type(point: Point) -> str:
    words: list[str] = [point.type]
    if point.order == "little":
        words.append(both("low_word_first"))
    if point.bit is not None:
        words.append(both("bit", bit=point.bit))
    return ", ".join(words)


def _pattern(value: int, point: Point, profile: Profile) -> str:
    """An error value as it stands on the wire."""
    bits = 1 if reads_bits(point.function or profile.function) else 16 * REGISTERS[point.type]
    return code(f"0x{value & (1 << bits) - 1:0{bits // 4}X}")


def _fault(fault: Fault, profile: Profile) -> str:
    where = [both(f"function_{fault.function or profile.function}")]
    where.append(_address(fault.address - profile.one_based))
    where += [] if fault.bit is None else [both("bit", bit=fault.bit)]
    return ", ".join(where)
