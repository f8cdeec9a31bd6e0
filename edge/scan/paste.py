"""Lines of a settings file, and what stands in their comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from drivers.contract import Fix, Observation, Reading, Sighting
from edge.messages import Lang, text, word
from edge.quantities import QUANTITIES

LONGEST_NAME: Final = 63
_NO_NAME = re.compile("[^a-z0-9]+")


def entry(name: str, keys: Mapping[str, Any]) -> str:
    """``  name: {key: value, …}``, on one line however long it is."""
    flow: str = yaml.safe_dump(
        dict(keys), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000
    )
    return f"  {name}: {flow.strip()}"


def name_of(*parts: object) -> str:
    """A name as the settings allow it, from words that say where and what."""
    words = (_NO_NAME.sub("-", str(part).lower()).strip("-") for part in parts if part is not None)
    return "-".join(word for word in words if word)[:LONGEST_NAME].strip("-") or "port"


def port_name(path: str) -> str:
    """Of a serial line: the last part of what it was called, or of the kernel's name where that was a link's
    of udev, which is long."""
    udevs = path.startswith("/dev/serial/")
    return name_of(Path(path).resolve().name if udevs else Path(path).name)


def comments(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    """Each as a comment, whatever stands in it."""
    for line in lines:
        yield f"{indent}# " + "".join(letter if letter.isprintable() else "·" for letter in line)


def said(observation: Observation, lang: Lang) -> str:
    """An observation in a few words."""
    match observation:
        case Reading():
            return _value(observation, lang)
        case Sighting(code=code):
            return f"{word(lang, code.scheme)} {code.value}"
        case Fix():
            return f"{observation.lat:.5f} {observation.lon:.5f}"


def _value(reading: Reading, lang: Lang) -> str:
    if reading.value is None:
        return f"{word(lang, reading.quantity)} " + text(
            lang, "cli.reading_missing", reason=word(lang, reading.reason)
        )
    shown = f"{word(lang, reading.quantity)} {word(lang, reading.value)}"
    unit = QUANTITIES[reading.quantity].unit if reading.quantity in QUANTITIES else ""
    return f"{shown} {unit}".rstrip()
