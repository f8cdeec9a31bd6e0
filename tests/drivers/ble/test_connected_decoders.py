"""What connected probes say, by their captures (the form of ``test_families.py``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ble.probe import Connected, ProbeOptions
from drivers.catalogue import DRIVERS
from drivers.contract import Decoder, Frame, Instant, Quality, Reading, Reject
from edge.quantities import QUANTITIES

VECTORS = Path(__file__).parents[2] / "vectors"
NAMES = ("environmental_sensing", "health_thermometer")
AT = Instant(1_700_000_000_000_000_000)


def decoder(name: str) -> Decoder:
    return DRIVERS[name].decoder(ProbeOptions(address="02:00:00:00:00:01"))


def cases() -> Iterator[Any]:
    for name in NAMES:
        for case in json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["cases"]:
            yield pytest.param(name, case, id=f"{name}: {case['name']}")


@pytest.mark.parametrize(("name", "case"), list(cases()))
def test_a_value_says_what_it_says(name: str, case: dict[str, Any]) -> None:
    frame = Frame(bytes.fromhex(case["hex"]))
    if "refused" in case:
        with pytest.raises(Reject) as refused:
            decoder(name).decode(frame, AT)
        assert refused.value.reason == case["refused"]
        return

    said = [item for item in decoder(name).decode(frame, AT) if isinstance(item, Reading)]

    values = {quantity: None if value is None else pytest.approx(value)
              for quantity, value in case["readings"].items()}  # fmt: skip
    assert {item.quantity: item.value for item in said} == values
    missing = {item.quantity: item.reason for item in said if item.quality is Quality.MISSING}
    assert missing == case.get("missing", {})
    assert {item.quantity for item in said} <= set(decoder(name).quantities()) <= set(QUANTITIES)


@pytest.mark.parametrize("name", NAMES)
def test_a_connected_probe_says_which_characteristics_are_its_own(name: str) -> None:
    assert isinstance(decoder(name), Connected)


@pytest.mark.parametrize("name", NAMES)
@given(value=st.binary(max_size=20), uuid=st.sampled_from([0x2A6E, 0x2A6F, 0x2A6D, 0x2A1C]))
def test_whatever_a_probe_says_is_believed_or_refused(name: str, value: bytes, uuid: int) -> None:
    frame = Frame(bytes([len(value) + 3, 0x16]) + uuid.to_bytes(2, "little") + value)
    with suppress(Reject):
        decoder(name).decode(frame, AT)
