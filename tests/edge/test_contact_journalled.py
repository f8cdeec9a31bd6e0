"""A door from the wire into the journal: each change once, and the quality of its gaps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import yaml

from edge import gateway
from edge.gateway import Gateway
from simulators.site import Site
from tests.faults.rig import journalled
from tests.simulators.peers import truth, until


def entries(journal: Path, device: str) -> list[dict[str, Any]]:
    blocks = [orjson.loads(body) for (lane, _), body in journalled(journal).items() if lane == "telemetry"]
    return [entry for block in blocks for entry in block["observations"] if entry["device"] == device]


async def test_a_door_is_journalled_when_it_moves_and_a_controllers_own_states_as_ever(
    tmp_path: Path,
) -> None:
    room = {"setpoint": 2.0, "door_first": "40s", "door_every": "10h", "door_open": ["60s", "60s"]}
    units = {11: {"kind": "danfoss-ekc-202d", "room": "r"}, 20: {"kind": "contacts", "inputs": ["r.door"]}}
    played = {"rooms": {"r": room}, "ports": {"bus": {"device": "modbus_tcp", "units": units}}}
    async with Site(played, tmp_path / "devices", speed=20) as site:
        data = {
            "gateway": {"id": "dx", "operator": {"name": "伊东"}, "site": {"name": "东乡"}},
            "clock": {"trust": "system"},
            "journal": {"path": str(tmp_path / "journal.db"), "commit_every": "50ms"},
            "ports": {"bus": site.ports["bus"]},
            "devices": {
                "door": {"driver": "contact", "port": "bus", "unit": 20, "input": 0},
                "control": {
                    **{"driver": "modbus", "port": "bus", "unit": 11, "every": "1s"},
                    "profile": "danfoss-ekc-202d",
                },
            },
        }
        path = tmp_path / "site.yaml"
        path.write_text(yaml.safe_dump(data, allow_unicode=True))
        running = await Gateway.open(gateway.load(path))
        stop = asyncio.Event()
        task = asyncio.create_task(running.run(stop))
        await until(lambda: len(truth(site, "door")) == 2)
        await until(lambda: running.intake.devices["door"].observed >= 3)
        stop.set()
        await task
    door = entries(tmp_path / "journal.db", "door")
    assert [entry["open"] for entry in door] == [False, True, False]
    assert "quality" not in door[0]
    control = entries(tmp_path / "journal.db", "control")
    assert len(control) >= 4, "each poll, changed or not"
    assert all(isinstance(entry["defrost"], bool) for entry in control)
