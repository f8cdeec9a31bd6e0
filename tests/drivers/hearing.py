"""What the tests of talking devices share: captures from ``tests/vectors``, and what is made of bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import NANOSECONDS, Fix, Instant, Observation, Reject, Talking

AT = Instant(1_700_000_000_000_000_000)
"""When everything is heard."""

VECTORS = Path(__file__).parents[1] / "vectors"


def captures(driver: str) -> list[dict[str, Any]]:
    """The cases of a driver's table."""
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"{driver}.json").read_text(encoding="utf-8"))[
        "cases"
    ]
    return cases


def sent(case: Mapping[str, Any]) -> bytes:
    """The bytes of a capture."""
    return str(case["text"]).encode() if "text" in case else bytes.fromhex(case["hex"])


def told(decoder: Talking, *chunks: bytes) -> list[Observation | str]:
    """The observations, and the reasons of what was refused, in order."""
    splitter = decoder.splitter()
    said: list[Observation | str] = []
    for chunk in chunks:
        for found in splitter.feed(chunk):
            try:
                if isinstance(found, Reject):
                    raise found
                said += decoder.decode(found, AT)
            except Reject as reject:
                said.append(str(reject.reason))
    assert {item.at for item in said if not isinstance(item, str)} <= {AT}
    return said


def parted(said: list[Observation | str]) -> tuple[list[Observation], list[str]]:
    """The observations, and the reasons, each in order."""
    observations = [item for item in said if not isinstance(item, str)]
    return observations, [item for item in said if isinstance(item, str)]


def byte_by_byte(data: bytes) -> list[bytes]:
    """The least that a wire can bring at a time."""
    return [bytes((byte,)) for byte in data]


def nanoseconds(text: str) -> int:
    """Of an RFC 3339 instant in UTC, to the last digit."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * NANOSECONDS + int(fraction.ljust(9, "0"))


def expect_fix(said: list[Observation | str], expected: Mapping[str, Any], tolerance: float) -> None:
    """One fix that says this and no more. tolerance: of what is no position."""
    (fix,) = said
    assert isinstance(fix, Fix)
    fields = {name: value for name, value in fix._asdict().items() if value is not None and name != "at"}
    assert fields.pop("utc", None) == (nanoseconds(expected["utc"]) if "utc" in expected else None)
    assert fields.keys() == expected.keys() - {"utc"}
    for name, value in fields.items():
        within = 1e-9 if name in ("lat", "lon") else tolerance
        assert value == pytest.approx(expected[name], abs=within), name
