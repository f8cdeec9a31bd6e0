"""Every family of advertisement by its captures, ``tests/vectors/NAME.json``.

::

    {"layout": ..., "options": of a family that cannot do without, "cases": [
      {"name": what it shows, "hex": the structures off the air, "source": ...,
       "options": the device's keys (address, key as 32 digits ...),
       "readings": what it says; a value that is null is missing, and "missing" gives the reason of each,
       "refused": or why nothing of it is believed,
       "number": its counter}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ble.advertisement import Advertisement, spelt
from drivers.catalogue import DRIVERS
from drivers.contract import Decoder, Frame, Instant, Keyed, Numbered, Quality, Reading, Reject
from edge.quantities import QUANTITIES

VECTORS = Path(__file__).parents[2] / "vectors"
ADVERTISED = sorted(
    name
    for name, driver in DRIVERS.items()
    if "bluetooth" in driver.sources and not hasattr(driver.decoder, "characteristics")
)
AT = Instant(1_700_000_000_000_000_000)
STRANGER = "02:00:00:00:00:01"
COLD_C = 0.0


class Stored:
    """A secret that a test has in hand."""

    def __init__(self, secret: object) -> None:
        self._secret = str(secret)

    def reveal(self) -> str:
        return self._secret


def decoder_of(name: str, options: dict[str, Any]) -> Decoder:
    kind = DRIVERS[name].decoder
    chosen = kind.options.model_validate({"address": STRANGER, **options}, context={"secret": Stored})
    decoder = kind(chosen)
    key = options.get("key")
    if key is None:
        return decoder
    assert isinstance(decoder, Keyed)
    return decoder.unlocked(key)


def cases() -> Iterator[Any]:
    for name in ADVERTISED:
        for case in json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["cases"]:
            yield pytest.param(name, case, id=f"{name}: {case['name']}")


@pytest.mark.parametrize(("name", "case"), list(cases()))
def test_a_capture_says_what_it_says(name: str, case: dict[str, Any]) -> None:
    decoder, frame = decoder_of(name, case.get("options", {})), Frame(bytes.fromhex(case["hex"]))
    if "refused" in case:
        with pytest.raises(Reject) as refused:
            decoder.decode(frame, AT)
        assert refused.value.reason == case["refused"]
        return

    said = [item for item in decoder.decode(frame, AT) if isinstance(item, Reading)]

    assert {item.quantity: item.value for item in said} == {
        quantity: value if value is None or isinstance(value, bool) else pytest.approx(value)
        for quantity, value in case["readings"].items()
    }
    assert {item.quantity: item.reason for item in said if item.quality is Quality.MISSING} == case.get(
        "missing", {}
    )
    assert len(said) == len({item.quantity for item in said})
    assert all(item.at == AT for item in said)
    assert {item.quantity for item in said} <= set(decoder.quantities()) <= set(QUANTITIES)
    if "number" in case:
        assert isinstance(decoder, Numbered)
        number = decoder.number(frame)
        assert (number.value if number else None) == case["number"]


@pytest.mark.parametrize("name", ADVERTISED)
def test_a_family_is_shown_below_zero_and_refusing(name: str) -> None:
    shown = [case for driver, case in (param.values for param in cases()) if driver == name]
    assert any(
        isinstance(value, float | int) and not isinstance(value, bool) and value < COLD_C
        for case in shown
        for quantity, value in case.get("readings", {}).items()
        if quantity.startswith("temperature")
    ), "freezers matter: show it below zero, computed from the layout if need be"
    assert any("refused" in case for case in shown)


@pytest.mark.parametrize("name", ADVERTISED)
def test_what_is_another_familys_is_not_its_own(name: str) -> None:
    """A stranger's advertisement, and an empty one, say nothing."""
    needed = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8")).get("options", {})
    strange = spelt(Advertisement("", {0xFFFE: bytes(20)}, {0xFFFE: bytes(20)}, frozenset()))
    for data in (b"", strange):
        with pytest.raises(Reject) as refused:
            decoder_of(name, needed).decode(Frame(data), AT)
        assert refused.value.reason == "not_mine"


@pytest.mark.parametrize("name", ADVERTISED)
@given(data=st.data())
def test_whatever_stands_in_a_capture_is_believed_or_refused(name: str, data: st.DataObject) -> None:
    """Captures with bytes changed, cut off or added: a value in range, a gap, or a refusal; never a crash."""
    shown = [case for driver, case in (param.values for param in cases()) if driver == name]
    case = data.draw(st.sampled_from(shown))
    frame = bytearray.fromhex(case["hex"])
    for place in data.draw(st.lists(st.integers(0, max(len(frame) - 1, 0)), max_size=4)):
        frame[place] = data.draw(st.integers(0, 255))
    decoder = decoder_of(name, case.get("options", {}))
    try:
        said = decoder.decode(Frame(bytes(frame)), AT)
    except Reject:
        return
    assert {item.quantity for item in said if isinstance(item, Reading)} <= set(decoder.quantities())
    assert all(
        (item.value is None) == (item.quality is Quality.MISSING)
        for item in said
        if isinstance(item, Reading)
    )
