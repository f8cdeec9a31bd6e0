"""Govee, Inkbird, ThermoPro, SwitchBot, SensorPush, Blue Maestro: all that others have captured of them.

Each case of the shared vectors decodes to what is stated there, or stands below with the reason why not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from drivers.ble.advertisement import Advertisement, short_uuid, spelt
from drivers.catalogue import DRIVERS
from drivers.contract import Frame, Instant, Quality, Reading, Reject

SHARED: Final = Path(__file__).parents[4] / "shared" / "vectors" / "ble"
AT = Instant(1_700_000_000_000_000_000)
ANONYMOUS: Final = "AA:BB:CC:DD:EE:FF"
LENGTH_OF_ADDRESS: Final = len(ANONYMOUS)
"""macOS gives a longer name in its place."""

OF_A_COMPANY: Final = (bytes.fromhex("88ec"), bytes.fromhex("0100"))
"""Govee that do not carry their address."""

ROUNDED: Final = 0.006
"""Upstream rounds to a hundredth."""

NOT_SERVED: Final = {
    "pm25": "dust is no quantity of ours",
    "light": "a level of 0 to 21, not lux",
    "alarm": "an alarm limit is a setting",
    "internal_center": "one sensor of several along the probe; the tip counts",
    "internal_end": "one sensor of several along the probe; the tip counts",
    "battery_probe": "a guess from the voltage, which is what we give",
    "humidity_probe": "an H5112 probe has no hygrometer",
    "vibration": "no quantity of ours",
    "presence": "no quantity of ours",
    "H5127": "a presence sensor, nothing else",
    "packet": "it counts what is stored, not what is said",
    "sensor id": "it is the channel",
    "rssi": "not the probe's",
}
OURS_ALONE: Final = {"battery_low", "battery_voltage"}
"""What upstream does not say, or makes a guess of."""

REFUSED: Final = {
    ("inkbird_ble", "test_adv_temperature_boundary_invariant[IBS-TH]"): (
        "checksum",
        "the temperature of a capture was changed by hand",
    ),
    ("inkbird_ble", "test_tps_multi_entry_dict_with_raw"): (
        "replay",
        "two temperatures at once: upstream believes the last, we neither",
    ),
    ("inkbird_ble", "test_tps_multi_entry_dict_without_raw_bails"): (
        "replay",
        "upstream says again what it had said before",
    ),
    ("thermopro_ble", "test_tp357s_four_updates"): (
        "replay",
        "upstream compares with the update before; here the radio does, and hands on what differs",
    ),
    ("govee_ble", "test_gvh5127_motion"): ("not_mine", NOT_SERVED["H5127"]),
    ("govee_ble", "test_gvh5127_absent"): ("not_mine", NOT_SERVED["H5127"]),
}
OPTIONS: Final = {
    ("govee_ble", "test_gvh5108_no_name"): {"model": "h5108"},
    ("ble_monitor_govee", "test_Govee_H5184"): {"address": "C6:31:30:30:58:40"},
}
"""The first says no name; the address of the second was changed by hand, but not in its data."""

PROBE: Final = re.compile(r"probe[ _](\d)$")
BUTTON: Final = re.compile(r"button_(\d)$")


class Case(NamedTuple):
    """stated: what upstream says, by its own names. whole: the manufacturer data as on the air."""

    file: str
    test: str
    address: str
    hex: bytes
    stated: Mapping[str, Any]
    whole: bytes


def off_the_air(file: str) -> Iterator[Case]:
    """Captures of HCI events."""
    for case in read(file)["cases"]:
        for heard in case["decoded_hci"]:
            stated = {
                name: value
                for name, value in case["expected"].items()
                if name not in ("firmware", "type", "mac", "packet", "rssi")
            }
            yield Case(file, case["test"], heard["addr"], bytes.fromhex(heard["adv_data"]), stated, b"")


def recorded(file: str) -> Iterator[Case]:
    """What upstream's own tests fed its decoder with."""
    for case in read(file)["cases"]:
        manufacturer = {int(company): bytes.fromhex(of) for company, of in case["manufacturer_data"].items()}
        services = frozenset(short_uuid(int(uuid.replace("-", ""), 16)) for uuid in case["service_uuids"])
        if case["raw"]:
            data = spelt(Advertisement(case["local_name"], {}, {}, services)) + bytes.fromhex(case["raw"])
        else:
            data = spelt(Advertisement(case["local_name"], manufacturer, {}, services))
        expected = case["expected"]
        stated = {
            name: of["value"] for name, of in expected["values"].items() if "signal_strength" not in name
        }
        stated |= expected["binary"] | dict.fromkeys(expected["events"], True)
        first = next(((company.to_bytes(2, "little") + of) for company, of in manufacturer.items()), b"")
        yield Case(file, case["test"], case["address"], data, stated, first)


def by_vendor(file: str) -> Iterator[Case]:
    for case in read(file)["cases"]:
        if case["vendor"] != "switchbot":
            continue  # of another family, tested there
        manufacturer = {int(company): bytes.fromhex(of) for company, of in case["manufacturer_data"].items()}
        service = {int(uuid, 16): bytes.fromhex(of) for uuid, of in case["service_data"].items()}
        address = next(iter(manufacturer.values()))[:6].hex(":").upper()
        data = spelt(Advertisement("", manufacturer, service, frozenset()))
        yield Case(file, case["model"], address, data, case["expected"], b"")


def read(file: str) -> Any:
    return json.loads((SHARED / f"{file}.json").read_text(encoding="utf-8"))


FILES: Final[dict[str, tuple[str, Callable[[str], Iterator[Case]]]]] = {
    "ble_monitor_govee": ("govee", off_the_air),
    "govee_ble": ("govee", recorded),
    "ble_monitor_inkbird": ("inkbird", off_the_air),
    "inkbird_ble": ("inkbird", recorded),
    "ble_monitor_thermopro": ("thermopro", off_the_air),
    "thermopro_ble": ("thermopro", recorded),
    "ble_monitor_switchbot": ("switchbot", off_the_air),
    "ruuvi_switchbot": ("switchbot", by_vendor),
    "ble_monitor_sensorpush": ("sensorpush", off_the_air),
    "ble_monitor_bluemaestro": ("bluemaestro", off_the_air),
}


def options_of(case: Case) -> dict[str, Any]:
    """Where upstream has put another address in place of the probe's, the one in its data is taken."""
    data, address = case.whole, case.address.upper()
    if case.file == "inkbird_ble" and data[:2] == bytes.fromhex("4924"):
        address = data[:6].hex(":").upper()
    elif case.file == "inkbird_ble" and data[:2] == bytes.fromhex("5432"):
        address = data[3:9].hex(":").upper()
    elif case.file == "inkbird_ble" and data[1:4] == bytes(3):
        address = data[4:10].hex(":").upper()
    elif len(address) > LENGTH_OF_ADDRESS or (address == ANONYMOUS and case.file == "govee_ble"):
        address = "02:00:00:" + data[:3].hex(":").upper()
        address = "02:00:00:00:00:01" if data[:2] in OF_A_COMPANY else address
    return {"address": address, **OPTIONS.get((case.file, case.test), {})}


def ours(name: str, value: Any) -> tuple[int | None, str, Any] | None:
    """Our channel (None: whichever speaks), quantity and value for upstream's; None where not served."""
    if any(word in name for word in NOT_SERVED):
        return None
    channel = next((int(found[1]) for found in (PROBE.search(name),) if found), None)
    if name.endswith(("@primary", "@remote")):
        channel = 1 if name.endswith("@primary") else 2
    if found := BUTTON.search(name):
        return int(found[1]) + 1, "button", 1
    quantity = {
        "ambient": "temperature_ambient",
        "internal": "temperature",
        "temperature": "temperature",
        "humidity": "humidity",
        "battery low": "battery_low",
        "battery": "battery",
        "carbon": "co2",
        "pressure": "pressure",
        "dewpoint": "dew_point",
        "window": "open",
        "motion": "motion",
    }
    return channel, next(of for word, of in quantity.items() if name.startswith(word)), value


def stated_by_channel(case: Case) -> dict[int, dict[str, Any]]:
    said = [found for name, value in case.stated.items() if (found := ours(name, value))]
    channels = {channel for channel, _, _ in said if channel} or {1}
    return {
        channel: {quantity: value for of, quantity, value in said if of in (None, channel)}
        for channel in channels
    }


def decoded(family: str, case: Case, channel: int) -> dict[str, Reading]:
    kind = DRIVERS[family].decoder
    keys = options_of(case) | ({"channel": channel} if channel > 1 else {})
    readings = kind(kind.options.model_validate(keys)).decode(Frame(case.hex), AT)
    return {reading.quantity: reading for reading in readings if isinstance(reading, Reading)}


def check(case: Case, stated: Mapping[str, Any], said: Mapping[str, Reading]) -> None:
    for quantity, value in stated.items():
        reading = said[quantity]
        if value == "error" or (value == 0.0 and reading.reason == "sensor_fault"):
            assert reading.quality is Quality.MISSING  # upstream's 0.0 of a probe that is not plugged in
        elif quantity == "temperature_ambient":
            assert int(float(reading.value or 0.0)) == value  # upstream cuts the fraction off
        else:
            assert reading.value == pytest.approx(value, abs=ROUNDED), quantity
    good = {quantity for quantity, reading in said.items() if reading.quality is Quality.GOOD}
    told = stated.keys() | OURS_ALONE | ({"battery"} if case.file == "ble_monitor_thermopro" else set())
    assert good <= told, "what upstream does not see"


def refusal(family: str, case: Case) -> str:
    """Why nothing of a case is believed; "" where it is gaps alone."""
    try:
        said = decoded(family, case, 1)
    except Reject as reject:
        return str(reject.reason)
    assert all(reading.quality is Quality.MISSING for reading in said.values()), case.test
    return ""


@pytest.mark.parametrize("file", FILES)
def test_what_others_captured_is_read_as_they_read_it(file: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("the vectors shared between projects are not here")
    family, cases = FILES[file]
    for case in cases(file):
        if with_reason := REFUSED.get((file, case.test)):
            assert refusal(family, case) == with_reason[0], case.test
        elif not case.stated:
            refusal(family, case)
        else:
            for channel, stated in stated_by_channel(case).items():
                check(case, stated, decoded(family, case, channel))


def test_what_stands_in_the_tables_is_in_the_files() -> None:
    """No exception outlives its case, and no file is empty."""
    if not SHARED.is_dir():
        pytest.skip("the vectors shared between projects are not here")
    there = {(file, case.test) for file, (_, cases) in FILES.items() for case in cases(file)}
    assert REFUSED.keys() | OPTIONS.keys() <= there
    assert {file for file, _ in there} == FILES.keys()
