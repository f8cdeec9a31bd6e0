"""Ruuvi beside ruuvitag-sensor, Ruuvi's own vectors and ble_monitor."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers.ble.advertisement import Advertisement, spelt
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import GRAVITY
from drivers.ble.ruuvi import COMPANY, Ruuvi
from drivers.contract import Frame, Instant, Reading
from tests.drivers.ble import upstream_vectors as upstream
from tests.drivers.ble.upstream_vectors import FOLDER, Upstream, same

FAMILY = upstream.Family(
    Ruuvi,
    names={name: (name, same) for name in ("temperature", "humidity", "pressure")},
    not_served={},
    refused={},
)


def links() -> Any:
    yield from upstream.ble_monitor("ruuvitag")


@pytest.mark.parametrize("case", upstream.params(links))
def test_we_say_what_others_say(case: Upstream) -> None:
    upstream.check(FAMILY, case)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no captures in {FOLDER}")
def test_we_say_what_ruuvi_says() -> None:
    cases = json.loads((FOLDER / "ruuvi_switchbot.json").read_text(encoding="utf-8"))["cases"]
    for case in (case for case in cases if case.get("vendor") == "ruuvi"):
        payload, said = bytes.fromhex(case["payload"]), case["expected"]
        address = (said["mac"] or "cbb8334c884f").upper()
        tag = Ruuvi(ProbeOptions(address=":".join(address[at : at + 2] for at in range(0, 12, 2))))
        frame = Frame(spelt(Advertisement("", {case["manufacturer_id"]: payload}, {}, frozenset())))
        assert case["manufacturer_id"] == COMPANY

        readings = tag.decode(frame, Instant(0))

        assert {item.quantity: item.value for item in readings} == {
            "temperature": _about(said["temperature"]),
            "humidity": _about(said["humidity"]),
            "pressure": _about(said["pressure_hPa"]),
            **{
                f"acceleration_{axis}": _about(milli_g, GRAVITY / 1000)
                for axis, milli_g in zip("xyz", said["acc"], strict=True)
            },
            "battery_voltage": _about(said["battery_mV"], 0.001),
            "movements": said["movement_counter"],
        }
        number = tag.number(frame)
        assert (number.value if number else None) == said["sequence"]


@pytest.mark.parametrize("n", range(255))
def test_the_light_of_format_6_follows_its_curve(n: int) -> None:
    """What Ruuvi's own encoder makes of our value is the same byte."""
    from math import log

    air = Ruuvi(ProbeOptions(address="CB:B8:33:4C:88:4F"))
    data = bytes.fromhex("06170C5668C79E007000C90501") + bytes([n]) + bytes.fromhex("FFCD004C884F")
    frame = Frame(spelt(Advertisement("", {COMPANY: data}, {}, frozenset())))
    light = next(item for item in air.decode(frame, Instant(0)) if item.quantity == "illuminance")
    assert isinstance(light, Reading)
    assert light.value is not None
    assert round(log(light.value + 1) / (log(65536) / 254)) == n


def _about(value: float | None, factor: float = 1.0) -> Any:
    return None if value is None else pytest.approx(value * factor)
