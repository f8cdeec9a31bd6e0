"""Qingping beside ble_monitor."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.ble.qingping import Qingping
from tests.drivers.ble import upstream_vectors as upstream
from tests.drivers.ble.upstream_vectors import Upstream, same

FAMILY = upstream.Family(
    Qingping,
    names={
        name: (name, same)
        for name in ("temperature", "humidity", "pressure", "battery", "illuminance", "co2")
    }
    | {"motion": ("motion", bool)},
    not_served=dict.fromkeys(("pm2.5", "pm10"), "dust is no quantity of ours"),
    refused={"test_qingping_no_data": "length"},
)


def sensors() -> Any:
    yield from upstream.ble_monitor("qingping")


@pytest.mark.parametrize("case", upstream.params(sensors))
def test_we_say_what_others_say(case: Upstream) -> None:
    upstream.check(FAMILY, case)
    if case.test not in FAMILY.refused:
        packet = case.said["packet"]
        assert upstream.number_of(Qingping, case) == (None if packet == "no packet id" else packet)
