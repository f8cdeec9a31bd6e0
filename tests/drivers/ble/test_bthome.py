"""BTHome beside bthome-ble and ble_monitor, and what a key is good for."""

from __future__ import annotations

from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from hypothesis import given
from hypothesis import strategies as st

from drivers.ble.advertisement import Advertisement, spelt
from drivers.ble.bthome import SIZES, UUID, BTHome
from drivers.ble.probe import SealedProbeOptions
from drivers.contract import Frame, Instant, Number, Reject
from tests.drivers.ble import upstream_vectors as upstream
from tests.drivers.ble.upstream_vectors import Upstream, same

PRESSES: Final[dict[Any, float]] = {
    "press": 1,
    "double press": 2,
    "triple_press": 3,
    "long_press": 4,
}

FAMILY = upstream.Family(
    BTHome,
    names={
        name: (name, same)
        for name in ("temperature", "humidity", "pressure", "illuminance", "mass", "dew_point", "battery")
    }
    | {
        "temperature_1": ("temperature", same),
        "dewpoint": ("dew_point", same),
        "carbon_dioxide": ("co2", same),
        "co2": ("co2", same),
        "button": ("button", PRESSES.__getitem__),
        "button_2": ("button", PRESSES.__getitem__),
        "window": ("open", bool),
        "door": ("open", bool),
        "moving": ("motion", bool),
        "battery_voltage": ("battery_voltage", same),
    },
    not_served={
        "temperature_2": "of several objects of a kind the first is the quantity",
        "button_3": "of several buttons the first that was pressed",
        **dict.fromkeys(
            ("light", "light_level", "uv_index", "sound", "text", "timestamp", "channel"), "no use"
        ),
        **dict.fromkeys(("energy", "power", "current", "gas", "water", "rotation", "plug"), "no climate"),
        **dict.fromkeys(("volume", "volume flow rate", "distance", "speed", "count"), "no climate"),
        **dict.fromkeys(
            ("moisture", "moisture detected", "conductivity", "pm2.5", "pm10"), "no quantity of ours"
        ),
        **dict.fromkeys(
            ("switch", "dimmer", "battery charging", "cold", "problem", "safety"), "no quantity of ours"
        ),
        **dict.fromkeys(("gas detected", "vibration"), "no quantity of ours"),
        "acceleration": "one number for three axes",
        "switch_voltage": "0.1 V: a mains voltage, not a battery's",
    },
    refused={
        "test_downgrade_detected_flag_v2": "checksum",
        "test_bindkey_wrong": "checksum",
        "test_bthome_wrong_object_id": "range",
        "test_incorrect_bthome_version": "range",
    },
)

KEY = "231d39c1d7cc1ab1aee224cd096db932"
ADDRESS = "54:48:E6:8F:80:A5"
AT = Instant(0)


def version_2() -> Any:
    """The files hold version 1 as well, which has UUIDs of its own."""
    for case in upstream.home_assistant("bthome_ble"):
        if UUID.to_bytes(2, "little") in case.frame.data:
            said = dict(case.said)
            if "voltage" in said:
                battery = case.test == "test_bthome_voltage"
                said["battery_voltage" if battery else "switch_voltage"] = said.pop("voltage")
            yield case._replace(said=said)


def bthome_monitor() -> Any:
    yield from upstream.ble_monitor("bthome_v2")


@pytest.mark.parametrize("case", upstream.params(version_2, bthome_monitor))
def test_we_say_what_others_say(case: Upstream) -> None:
    upstream.check(FAMILY, case)


@pytest.mark.parametrize("case", upstream.params(bthome_monitor))
def test_the_number_is_the_counter_or_the_packet_id(case: Upstream) -> None:
    packet = case.said["packet"]
    assert upstream.number_of(BTHome, case) == (None if packet == "no packet id" else packet)


def probe(key: str | None = None) -> BTHome:
    plain = BTHome(SealedProbeOptions(address=ADDRESS))
    return plain.unlocked(key) if key else plain


def aired(data: bytes) -> Frame:
    return Frame(spelt(Advertisement("", {}, {UUID: data}, frozenset())))


def sealed(objects: bytes, counter: int, address: str = ADDRESS) -> bytes:
    count = counter.to_bytes(4, "little")
    nonce = bytes.fromhex(address.replace(":", "")) + b"\xd2\xfc\x41" + count
    said = AESCCM(bytes.fromhex(KEY), tag_length=4).encrypt(nonce, objects, None)
    return b"\x41" + said[:-4] + count + said[-4:]


def test_a_counter_of_a_sealed_frame_can_but_grow() -> None:
    assert probe(KEY).number(aired(sealed(bytes.fromhex("02f0f8"), 7))) == Number(7, grows=True)
    assert probe().number(aired(bytes.fromhex("40000902ca09"))) == Number(9)


@pytest.mark.parametrize("read", ["decode", "number"])
def test_a_forged_counter_tells_nothing(read: str) -> None:
    """Else anybody could make the device's own frames look like replays."""
    forged = bytearray(sealed(bytes.fromhex("02ca09"), 7))
    forged[-5] = 0xFF
    with pytest.raises(Reject) as refused:
        probe(KEY).decode(aired(bytes(forged)), AT) if read == "decode" else probe(KEY).number(
            aired(bytes(forged))
        )
    assert refused.value.reason == "checksum"


def test_a_sealed_frame_of_another_device_does_not_open() -> None:
    """Played again under our address, and sealed with the same key."""
    with pytest.raises(Reject) as refused:
        probe(KEY).decode(aired(sealed(bytes.fromhex("02ca09"), 7, "54:48:E6:8F:80:A6")), AT)
    assert refused.value.reason == "checksum"


def test_a_sealed_frame_without_a_key_is_refused() -> None:
    with pytest.raises(Reject, match="give the device its key"):
        probe().decode(aired(sealed(bytes.fromhex("02ca09"), 7)), AT)


@pytest.mark.parametrize("key", ["", "231d39c1", KEY + "00", KEY[:-1] + "g", " " + KEY[1:], KEY + "\n"])
def test_a_key_that_is_none_is_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="32 hexadecimal digits") as refused:
        probe().unlocked(key)
    assert not key.strip() or key.strip() not in str(refused.value)


SIZES_BY_THE_SPECIFICATION = {
    1: "00 01 09 0F 10 11 15 16 17 18 19 1A 1B 1C 1D 1E 1F 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F "
    "3A 46 57 58 59 60 64 65",
    2: "02 03 06 07 08 0C 0D 0E 12 13 14 3C 3D 3F 40 41 43 44 45 47 48 49 4A 51 52 56 5A 5D 5E 5F 61 F0",
    3: "04 05 0A 0B 42 4B F2",
    4: "3E 4C 4D 4E 4F 50 55 5B 5C 62 63 F1",
}
"""bthome.io/format, June 2026."""


def test_every_object_of_the_specification_has_its_size() -> None:
    assert {
        kind: size for size, kinds in SIZES_BY_THE_SPECIFICATION.items() for kind in bytes.fromhex(kinds)
    } == SIZES


@given(kind=st.sampled_from(sorted(SIZES)), data=st.data())
def test_every_object_can_be_passed(kind: int, data: st.DataObject) -> None:
    """What stands behind an object of the table is found, whatever the object says."""
    said = data.draw(st.binary(min_size=SIZES[kind], max_size=SIZES[kind]))
    voltage_behind = bytes([0x40, kind]) + said + bytes.fromhex("0c020c")
    decoded = probe().decode(aired(voltage_behind), AT)
    if kind != 0x0C:
        assert decoded[-1].quantity == "battery_voltage"
        assert decoded[-1].value == pytest.approx(3.074)


@pytest.mark.parametrize("variable", ["530548656c6c6f", "5403010203", "3b0002", "3b010305"])
def test_objects_that_bring_their_length_can_be_passed(variable: str) -> None:
    (reading,) = probe().decode(aired(bytes.fromhex("40" + variable + "57ea")), AT)
    assert (reading.quantity, reading.value) == ("temperature", -22)
