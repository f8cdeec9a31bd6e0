"""Every case of the collected upstream suites for these families, whole, as their authors state it.

The files lie in ``../shared/vectors/ble`` beside a checkout. An upstream name stands in ``OURS`` with what it
is here, or in ``NOT_SERVED`` with the reason why it is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from drivers.ble.advertisement import Advertisement, spelt
from drivers.catalogue import DRIVERS
from drivers.contract import Frame, Instant, Reading

UPSTREAM = Path(__file__).parents[4] / "shared" / "vectors" / "ble"
GRAVITY = 9.80665
AT = Instant(1_700_000_000_000_000_000)

Values = Mapping[str, float | bool | None]


def metres_per_s2(milli_g: Any) -> float:
    return float(milli_g) * GRAVITY / 1000


def as_it_is(value: Any) -> Any:
    return value


OURS: Final[dict[str, tuple[str, Callable[[Any], float | bool]]]] = {
    "temperature": ("temperature", as_it_is),
    "humidity": ("humidity", as_it_is),
    "relativeHumidity": ("humidity", as_it_is),
    "pressure": ("pressure", lambda pascal: float(pascal) / 100),
    "battery": ("battery", as_it_is),
    "batteryPercentage": ("battery", as_it_is),
    "voltage": ("battery_voltage", as_it_is),
    "batteryVoltage": ("battery_voltage", as_it_is),
    "magnetic field detected": ("open", lambda there: not there),
    "isContactDetected": ("open", lambda there: not there[0]),
    "moving": ("motion", bool),
    "movement counter": ("movements", as_it_is),
    "roll": ("roll", as_it_is),
    "pitch": ("pitch", as_it_is),
    "acceleration x": ("acceleration_x", metres_per_s2),
    "acceleration y": ("acceleration_y", metres_per_s2),
    "acceleration z": ("acceleration_z", metres_per_s2),
}

NOT_SERVED = {
    "firmware": "the suite's name for the family",
    "type": "the suite's name for the device",
    "packet": "none of these frames has a number",
    "rssi": "the radio's, not the device's",
    "mac": "tells the device's address, which the decoder holds against its own",
    "deviceIds": "the same",
    "version": "no quantity",
    "name": "no quantity",
    "isMarked": "the logger's own button mark, no quantity",
    "acceleration": "follows from x, y and z",
}

NOT_SERVED_OF: dict[str, dict[str, str]] = {
    "kkm": {"battery": "the suite's guess from the voltage; the device does not say it"},
}

ALSO_SAID: dict[str, set[str]] = {"test_teltonika_eye": {"battery_low"}}
"""What a frame says and the suite does not ask."""

COMPANIES = {"minew": 0x0639, "ela": 0x0757, "efento": 0x026C}


def cases_of(file: str) -> list[dict[str, Any]]:
    path = UPSTREAM / file
    if not path.exists():
        pytest.skip(f"the collected suites are not beside this checkout: {path}")
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    assert cases
    return cases


def said(driver: str, address: str, frame: bytes) -> Values:
    kind = DRIVERS[driver].decoder
    decoder = kind(kind.options.model_validate({"address": address}))
    return {
        item.quantity: item.value for item in decoder.decode(Frame(frame), AT) if isinstance(item, Reading)
    }


def expected(driver: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    not_served = NOT_SERVED | NOT_SERVED_OF.get(driver, {})
    assert set(stated) <= set(OURS) | set(not_served), "a name that nobody has judged"
    ours = ((OURS[name], value) for name, value in stated.items() if name not in not_served)
    return {quantity: pytest.approx(meant(value), abs=1e-3) for (quantity, meant), value in ours}


def with_colons(digits: str) -> str:
    return bytes.fromhex(digits.partition("/")[0]).hex(":").upper()


@pytest.mark.parametrize("driver", ["teltonika", "jaalee", "kkm"])
def test_ble_monitor(driver: str) -> None:
    for case in cases_of(f"ble_monitor_{driver}.json"):
        for heard in case["decoded_hci"]:
            values = said(driver, heard["addr"], bytes.fromhex(heard["adv_data"]))
            more = ALSO_SAID.get(case["test"], set())
            assert more <= set(values)
            asked = {quantity: value for quantity, value in values.items() if quantity not in more}
            assert asked == expected(driver, case["expected"]), case["test"]


def test_ble_monitor_calls_a_puck_by_ela_teltonika() -> None:
    heard = next(
        case["decoded_hci"][0]
        for case in cases_of("ble_monitor_teltonika.json")
        if case["test"] == "test_ela_blue_puck_RHT"
    )
    frame = bytes.fromhex(heard["adv_data"])
    assert said("ela", heard["addr"], frame) == said("teltonika", heard["addr"], frame)


@pytest.mark.parametrize("driver", list(COMPANIES))
def test_reelyactive(driver: str) -> None:
    cases = cases_of("reelyactive_minew_ela_efento_ruuvi.json")
    assert {case["vendor"] for case in cases} == set(COMPANIES), "a vendor that nobody has judged"
    for case in cases:
        if case["vendor"] != driver:
            continue
        stated = case["expected"]
        told = stated.get("mac") or (stated.get("deviceIds") or ["020000000001"])[0]
        payload = {COMPANIES[driver]: bytes.fromhex(case["payload"])}
        frame = spelt(Advertisement("", payload, {}, frozenset()))
        assert said(driver, with_colons(told), frame) == expected(driver, stated), case["frame"]
