"""Thermometers with the firmware of ATC1441 or pvvx beside ble_monitor."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.ble.atc import Atc
from tests.drivers.ble import upstream_vectors as upstream
from tests.drivers.ble.upstream_vectors import Upstream, same

FAMILY = upstream.Family(
    Atc,
    names={
        "temperature": ("temperature", same),
        "humidity": ("humidity", same),
        "battery": ("battery", same),
        "voltage": ("battery_voltage", same),
    },
    not_served={},
    refused={},
)


def thermometers() -> Any:
    yield from upstream.ble_monitor("atc")


@pytest.mark.parametrize("case", upstream.params(thermometers))
def test_we_say_what_others_say(case: Upstream) -> None:
    upstream.check(FAMILY, case)
    assert upstream.number_of(Atc, case) == case.said["packet"]
