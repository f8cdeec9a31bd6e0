"""What the simulated probes send, against the makers' own examples and layouts."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from simulators.bluez.layouts import (
    BTHOME,
    ENVIRONMENT,
    GOVEE,
    LAYOUTS,
    RUUVI,
    TELTONIKA,
    Sample,
    bthome_encrypted,
)

KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
XIAOMI = bytes.fromhex("5448e68f80a5")


def opened(data: bytes, address: bytes, key: bytes) -> tuple[bytes, int]:
    """The objects and the counter of an encrypted BTHome frame."""
    counter = data[-8:-4]
    nonce = address + b"\xd2\xfc" + data[:1] + counter
    objects = AESCCM(key, tag_length=4).decrypt(nonce, data[1:-8] + data[-4:], None)
    return objects, int.from_bytes(counter, "little")


def test_encrypted_bthome_opens_like_the_example_of_the_standard() -> None:
    example = bytes.fromhex("41a47266c95f730011223378237214")  # bthome.io/encryption: 25.06 Cel, 50.55 %
    assert opened(example, XIAOMI, KEY) == (bytes.fromhex("02ca0903bf13"), 0x33221100)
    sent = bthome_encrypted(KEY)(Sample(25.06, 50.55, 97, 0x33221100), XIAOMI).services[BTHOME]
    assert sent[0] == 0x41
    assert opened(sent, XIAOMI, KEY) == (bytes.fromhex("016102ca0903bf13"), 0x33221100)


@pytest.mark.parametrize(
    ("sample", "data"),
    [
        (Sample(25.06, 50.55, 97, 9), "40 0009 0161 02ca09 03bf13"),
        (Sample(-18.5, 80.0, 5, 0x1FF), "40 00ff 0105 02c6f8 03401f"),
        (Sample(None, None, 97, 9), "40 0009 0161"),
    ],
)
def test_bthome_in_the_clear(sample: Sample, data: str) -> None:
    assert LAYOUTS["bthome"].encode(sample, XIAOMI).services == {BTHOME: bytes.fromhex(data)}


def test_ruuvi_is_the_valid_frame_of_the_makers_page() -> None:
    address = bytes.fromhex("cbb8334c884f")
    example = bytes.fromhex("0512fc5394c37c0004fffc040cac364200cdcbb8334c884f")  # 24.3 Cel, 53.49 %, 2977 mV
    sent = LAYOUTS["ruuvi-5"].encode(Sample(24.3, 53.49, 97, 205), address).manufacturer[RUUVI]
    assert sent[:13] + sent[15:] == example[:13] + example[15:]
    assert int.from_bytes(sent[13:15]) >> 5 == 2970 - 1600
    assert sent[14] & 0x1F == example[14] & 0x1F == 22  # 4 dBm
    none = LAYOUTS["ruuvi-5"].encode(Sample(None, None, 97, 205), address).manufacturer[RUUVI]
    assert none[1:5].hex() == "8000ffff"
    cold = LAYOUTS["ruuvi-5"].encode(Sample(-18.5, 80.0, 97, 1), address).manufacturer[RUUVI]
    assert cold[1:5].hex() == "f18c7d00"


def test_atc1441_is_the_capture() -> None:
    address = bytes.fromhex("a4c1380283f4")
    capture = bytes.fromhex(
        "a4c1380283f400a22f5f0bf819"
    )  # ble_monitor: 16.2 Cel, 47 %, 95 %, 3064 mV, packet 25
    sent = LAYOUTS["atc1441"].encode(Sample(16.2, 47.0, 95, 25), address).services[ENVIRONMENT]
    assert sent[:10] + sent[12:] == capture[:10] + capture[12:]
    assert int.from_bytes(sent[10:12]) == 2950
    assert (
        LAYOUTS["atc1441"].encode(Sample(-18.5, 80.0, 95, 25), address).services[ENVIRONMENT][6:8].hex()
        == "ff47"
    )


def test_pvvx_is_the_capture() -> None:
    address = bytes.fromhex("a4c1380283f4")
    capture = bytes.fromhex(
        "f4830238c1a4a9066911b60b58f70d"
    )  # ble_monitor: 17.05 Cel, 44.57 %, 2998 mV, 88 %, 247
    sent = LAYOUTS["pvvx"].encode(Sample(17.05, 44.57, 88, 247), address).services[ENVIRONMENT]
    assert sent[:10] + sent[12:14] == capture[:10] + capture[12:14]
    assert int.from_bytes(sent[10:12], "little") == 2880
    assert (
        LAYOUTS["pvvx"].encode(Sample(-18.5, 80.0, 88, 1), address).services[ENVIRONMENT][6:8].hex() == "c6f8"
    )


@pytest.mark.parametrize(
    ("sample", "data"),
    [
        (Sample(20.5, 14.9, 100, 0), "00 03215d 64 00"),  # a capture of ble_monitor's
        (Sample(-18.5, 80.0, 90, 0), "00 82d5c8 5a 00"),  # the sign alone, then 185000 + 800
    ],
)
def test_govee_packs_both_into_24_bits(sample: Sample, data: str) -> None:
    sent = LAYOUTS["govee-h5075"].encode(sample, bytes(6))
    assert sent.manufacturer == {GOVEE: bytes.fromhex(data)}
    assert sent.uuids == (0xEC88,)


@pytest.mark.parametrize(
    ("sample", "data"),
    [
        (Sample(22.28, 18.0, 100, 0, closed=False), "01 87 08b4 12 64"),
        (Sample(-18.5, 80.0, 90, 0), "01 8f f8c6 50 5a"),
        (Sample(None, None, 10, 0), "01 cc 0a"),
    ],
)
def test_teltonika_says_in_its_flags_what_it_carries(sample: Sample, data: str) -> None:
    sent = LAYOUTS["teltonika-eye"].encode(sample, bytes(6))
    assert sent.manufacturer == {TELTONIKA: bytes.fromhex(data)}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_damaged_frame_has_lost_its_last_byte(kind: str) -> None:
    whole = LAYOUTS[kind].encode(Sample(2.0, 88.0, 90, 7), bytes(6))
    cut = whole.damaged()
    for before, after in ((whole.manufacturer, cut.manufacturer), (whole.services, cut.services)):
        assert {key: data[:-1] for key, data in before.items()} == after
