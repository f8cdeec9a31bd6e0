"""MiBeacon beside xiaomi-ble and ble_monitor, and what a key is good for."""

from __future__ import annotations

from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from drivers.ble.advertisement import Advertisement, spelt
from drivers.ble.probe import SealedProbeOptions
from drivers.ble.xiaomi import UUID, Xiaomi
from drivers.contract import Frame, Instant, Number, Reject
from tests.drivers.ble import upstream_vectors as upstream
from tests.drivers.ble.upstream_vectors import Upstream, same

PRESSES: Final[dict[Any, float]] = {"single press": 1, "double press": 2, "long press": 4}

FAMILY = upstream.Family(
    Xiaomi,
    names={name: (name, same) for name in ("temperature", "humidity", "battery", "illuminance")}
    | {
        "door": ("open", bool),
        "opening": ("open", bool),
        "motion": ("motion", bool),
        "button": ("button", PRESSES.__getitem__),
        "button switch": ("button", PRESSES.__getitem__),
    },
    not_served={
        "body temperature": "an app's estimate from two sensors on the skin (MMC-T201-1), not a measurement",
        "pillow button": "MJZNZ018H is a pillow",
        **dict.fromkeys(("one btn switch", "remote", "remote single press"), "said by the press itself"),
        **dict.fromkeys(("motion timer", "no motion time", "door action"), "said by the state itself"),
        **dict.fromkeys(("smoke", "occupancy", "moisture", "conductivity"), "no quantity of ours"),
        **dict.fromkeys(("fingerprint", "result", "key id"), "a lock, and who opened it"),
        **dict.fromkeys(("toothbrush", "counter", "pressure present duration"), "no device of the trade"),
        **dict.fromkeys(("steps", "dimmer"), "sealed as version 3 does it"),
    },
    refused={"test_Xiaomi_YLKG07YL_rotate": "checksum"},
)

BY_ANOTHER_NAME: Final = {
    ("test_Xiaomi_MMC_T201_1", "temperature"): "body temperature",
    ("test_MJZNZ018H_double_click", "button"): "pillow button",
}

LAST_OF_SEVERAL: Final = {
    "test_Xiaomi_HHCCJCY01_all_values": {"temperature"},
}
"""Their decoder remembers what earlier frames said; what stands in the frame itself."""

KEY = "e9ea895fac7cca6d30532432a516f3a8"
OPEN_KEY = 24
"""Digits of a key of version 3, which no option takes."""
AT = Instant(0)


def by_xiaomi_ble() -> Any:
    for case in upstream.home_assistant("xiaomi_ble"):
        only = LAST_OF_SEVERAL.get(case.test, case.said.keys())
        yield case._replace(said={name: value for name, value in case.said.items() if name in only})


def by_ble_monitor() -> Any:
    for case in upstream.ble_monitor("xiaomi"):
        said = {BY_ANOTHER_NAME.get((case.test, name), name): value for name, value in case.said.items()}
        key = None if case.key and len(case.key) == OPEN_KEY else case.key
        yield case._replace(said=said, key=key)


@pytest.mark.parametrize("case", upstream.params(by_xiaomi_ble, by_ble_monitor))
def test_we_say_what_others_say(case: Upstream) -> None:
    upstream.check(FAMILY, case)


@pytest.mark.parametrize("case", upstream.params(by_ble_monitor))
def test_the_number_carries_their_counter_on(case: Upstream) -> None:
    if case.test not in FAMILY.refused:
        number = upstream.number_of(Xiaomi, case)
        assert number is not None
        assert number % 256 == case.said["packet"]


ADDRESS = "A4:C1:38:02:83:F4"
REVERSE = bytes.fromhex(ADDRESS.replace(":", ""))[::-1]


def thermometer(key: str | None = None) -> Xiaomi:
    plain = Xiaomi(SealedProbeOptions(address=ADDRESS))
    return plain.unlocked(key) if key else plain


def aired(data: bytes) -> Frame:
    return Frame(spelt(Advertisement("", {}, {UUID: data}, frozenset())))


def sealed(objects: bytes, counter: int) -> bytes:
    count, head = counter.to_bytes(4, "little"), bytes.fromhex("58585b05")
    nonce = REVERSE + head[2:] + count
    said = AESCCM(bytes.fromhex(KEY), tag_length=4).encrypt(nonce, objects, b"\x11")
    return head + count[:1] + REVERSE + said[:-4] + count[1:] + said[-4:]


COLD = bytes.fromhex("04100244ff")
"""-18.8 Cel."""


@pytest.mark.parametrize("counter", [0, 255, 256, 0x2650])
def test_the_counter_of_a_sealed_frame_has_four_bytes_and_can_but_grow(counter: int) -> None:
    frame = aired(sealed(COLD, counter))
    assert thermometer(KEY).number(frame) == Number(counter, grows=True)
    (reading,) = thermometer(KEY).decode(frame, AT)
    assert reading.value == pytest.approx(-18.8)


def test_a_forged_counter_tells_nothing() -> None:
    forged = bytearray(sealed(COLD, 7))
    forged[-5] = 0xFF
    for read in (thermometer(KEY).number, lambda frame: thermometer(KEY).decode(frame, AT)):
        with pytest.raises(Reject) as refused:
            read(aired(bytes(forged)))
        assert refused.value.reason == "checksum"


def test_with_a_key_nothing_is_believed_that_is_not_sealed() -> None:
    plain = aired(bytes.fromhex("50205b0507") + REVERSE + COLD)
    (reading,) = thermometer().decode(plain, AT)
    assert reading.value == pytest.approx(-18.8)
    with pytest.raises(Reject) as refused:
        thermometer(KEY).decode(plain, AT)
    assert refused.value.reason == "checksum"


def test_a_frame_without_objects_says_nothing_and_is_no_fault() -> None:
    blank = aired(bytes.fromhex("30585b0501") + REVERSE + bytes.fromhex("280100"))
    for decoder in (thermometer(), thermometer(KEY)):
        assert decoder.decode(blank, AT) == ()
        assert decoder.number(blank) is None


def test_an_address_that_is_another_is_no_excuse_for_a_seal() -> None:
    """Only the model that never has one may claim an address it has not."""
    strange = bytearray(sealed(COLD, 7))
    strange[5] ^= 1
    with pytest.raises(Reject) as refused:
        thermometer(KEY).decode(aired(bytes(strange)), AT)
    assert refused.value.reason == "not_mine"


def test_what_a_model_means_by_an_object() -> None:
    """K9B sends 1 for a long press, where others send it for two, and K9BB 15 where others say which button;
    MJYD02YL says 100 for light, not lx."""

    def said(model: str, objects: str) -> dict[str, float | bool | None]:
        frame = aired(bytes.fromhex("4050" + model + "07" + objects))
        return {item.quantity: item.value for item in thermometer().decode(frame, AT)}

    assert said("5301", "011003000001") == {"button": 2}
    for k9b in ("fd0d", "6815", "6915"):
        assert said(k9b, "011003000001") == {"button": 4}
    assert said("101c", "0c4e010f") == {"button": 2}
    assert said("4919", "0c4e0103") == {"button": 1}
    assert said("9800", "071003640000") == {"illuminance": 100}
    assert said("f607", "071003640000") == {}
