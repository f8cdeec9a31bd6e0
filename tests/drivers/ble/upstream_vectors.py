"""Whole files of captures from other projects' test suites, beside what these make of them.

The files stand outside this repository, in ``../shared/vectors/ble``; where there are none, what needs them
is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from drivers.ble.advertisement import Advertisement, short_uuid, spelt
from drivers.contract import Decoder, Frame, Instant, Keyed, Numbered, Quality, Reading, Reject
from tests.drivers.ble.test_families import Stored

FOLDER = Path(__file__).parents[4] / "shared" / "vectors" / "ble"
AT = Instant(1_700_000_000_000_000_000)
ABOUT_THE_FRAME = {"firmware", "type", "mac", "rssi", "packet", "packet_id", "signal_strength"}

Convert = Callable[[Any], float | bool]


class Upstream(NamedTuple):
    """said: what the other project makes of it, by its own names."""

    test: str
    address: str
    key: str | None
    frame: Frame
    said: Mapping[str, Any]


class Family(NamedTuple):
    """names: their name, ours, and how their value becomes ours. not_served: what we leave out, and why.
    refused: cases of which we believe nothing, under which reason."""

    kind: type[Decoder]
    names: Mapping[str, tuple[str, Convert]]
    not_served: Mapping[str, str]
    refused: Mapping[str, str]


def params(*read: Callable[[], Iterator[Upstream]]) -> list[Any]:
    """For parametrize: a case each, or one that is skipped."""
    if not FOLDER.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no captures in {FOLDER}"))]
    return [pytest.param(case, id=case.test) for each in read for case in each()]


def ble_monitor(family: str) -> Iterator[Upstream]:
    """Advertisements as its tests hold them; ``said`` is what they assert."""
    for case in _cases(f"ble_monitor_{family}"):
        key = case.get("key_material", {}).get("aeskey")
        for report in case["decoded_hci"]:
            frame = Frame(bytes.fromhex(report["adv_data"]))
            yield Upstream(case["test"], report["addr"], key, frame, case["expected"])


def home_assistant(name: str) -> Iterator[Upstream]:
    """Service data of the ``*-ble`` libraries; ``said`` joins sensors, states and events."""
    for case in _cases(name):
        said = case["expected"]
        service = {_uuid(uuid): bytes.fromhex(data) for uuid, data in case["service_data"].items()}
        frame = Frame(spelt(Advertisement("", {}, service, frozenset())))
        values = {name: value["value"] for name, value in said["values"].items()}
        values |= said["binary"] | said["events"]
        yield Upstream(case["test"], case["address"], case["bindkey"], frame, values)


def check(family: Family, case: Upstream) -> None:
    """We say what they say, in our names and units, and nothing besides."""
    decoder = decoder_for(family.kind, case)
    if case.test in family.refused:
        with pytest.raises(Reject) as refused:
            decoder.decode(case.frame, AT)
        assert refused.value.reason == family.refused[case.test]
        return
    unknown = case.said.keys() - family.names.keys() - family.not_served.keys() - ABOUT_THE_FRAME
    assert not unknown, "neither ours nor left out with a reason"

    said = decoder.decode(case.frame, AT)

    expected = {
        family.names[name][0]: family.names[name][1](value)
        for name, value in case.said.items()
        if name in family.names
    }
    assert {item.quantity: item.value for item in said if isinstance(item, Reading)} == {
        quantity: value if isinstance(value, bool) else pytest.approx(value)
        for quantity, value in expected.items()
    }
    assert all(item.quality is Quality.GOOD for item in said if isinstance(item, Reading))


def number_of(kind: type[Decoder], case: Upstream) -> int | None:
    decoder = decoder_for(kind, case)
    assert isinstance(decoder, Numbered)
    number = decoder.number(case.frame)
    return number.value if number else None


def decoder_for(kind: type[Decoder], case: Upstream) -> Decoder:
    options = {"address": case.address} | ({"key": case.key} if case.key else {})
    decoder = kind(kind.options.model_validate(options, context={"secret": Stored}))
    if case.key is None:
        return decoder
    assert isinstance(decoder, Keyed)
    return decoder.unlocked(case.key)


def same(value: Any) -> float | bool:
    """Their value is ours."""
    assert isinstance(value, int | float)
    return value


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return cases


def _uuid(text: str) -> int:
    return short_uuid(int(text.replace("-", ""), 16))
