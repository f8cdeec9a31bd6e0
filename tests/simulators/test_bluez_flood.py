"""A thousand advertisements a second from five thousand strangers, and what playing them costs."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
import yaml
from bleak.backends.bluezdbus import manager
from dbus_fast import Message
from dbus_fast.aio import MessageBus

from simulators.site import Site
from tests.bluez import SYSTEM_BUS, on_air
from tests.simulators.listeners import CORE, air, listening
from tests.simulators.peers import truth, until
from tests.simulators.test_simulators_command import command, said, simulators

pytestmark = pytest.mark.usefixtures("dbus_daemon")

SECONDS = 4.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(process: int) -> float:
    """What a process has used, in user and kernel mode."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


async def test_the_flood_comes_at_its_rate_and_takes_less_than_half_a_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = tmp_path / "air.yaml"
    scenario.write_text(yaml.safe_dump(air(1)), encoding="utf-8")
    async with simulators(str(scenario), "--dir", str(tmp_path / "site"), "--control") as process:
        ready = await said(process)
        monkeypatch.setenv(SYSTEM_BUS, ready["buses"]["radio"])
        async with listening() as listener:
            assert (await command(process, '{"fault": "flood", "port": "radio"}')) == {"ok": True}
            await until(lambda: len(listener.heard) > 500)
            heard, used, began = len(listener.heard), cpu_s(process.pid), asyncio.get_running_loop().time()
            await asyncio.sleep(SECONDS)
            took = asyncio.get_running_loop().time() - began
            rate, share = (len(listener.heard) - heard) / took, (cpu_s(process.pid) - used) / took
            assert rate > 700, "a busy machine may hear a little less than 1,000 a second"
            assert share < 0.5
            before = len(listener.of(CORE))
            await until(lambda: len(listener.of(CORE)) > before)
        assert (await command(process, '{"fault": "flood", "port": "radio", "on": false}')) == {"ok": True}
        await until(lambda: _told(tmp_path / "site" / "truth.jsonl"))
        assert _told(tmp_path / "site" / "truth.jsonl") > 1000


def _told(truth_file: Path) -> int:
    """How many strangers' advertisements the truth counts."""
    facts = [json.loads(line) for line in truth_file.read_text(encoding="utf-8").splitlines()]
    return sum(fact["adverts"] for fact in facts if fact["what"] == "strangers")


async def test_a_flood_ebbs_and_its_strangers_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1, stale="1s"), tmp_path, monkeypatch) as site, listening() as listener:
        site.fault("flood", port="radio", strangers=300, per_second=600)
        await until(lambda: len({heard.address for heard in listener.heard}) == 301)
        strangers = [heard for heard in listener.heard if heard.address != CORE]
        assert all(len(heard.manufacturer) == 1 for heard in strangers)
        site.fault("flood", port="radio", on=False)
        await until(lambda: truth(site, "strangers"))
        await until(lambda: _known() == {CORE})


def _known() -> set[str]:
    bluez = manager._global_instances[asyncio.get_running_loop()]
    return {str(properties["Address"]) for _, properties in bluez._iter_device_props()}


async def test_a_bus_that_is_slow_loses_nothing_of_what_was_said(tmp_path: Path) -> None:
    async with Site(air(1), tmp_path) as site:
        bus = await MessageBus(bus_address=site.buses["radio"]).connect()
        await bus.call(Message("org.bluez", "/org/bluez/hci0", "org.bluez.Adapter1", "StartDiscovery"))
        site.fault("flood", port="radio", strangers=20_000, per_second=20_000)
        known = 0
        while known < 20_000:  # each answer is larger than a socket's buffer
            reply = await bus.call(
                Message("org.bluez", "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
            )
            assert reply.error_name is None
            known = len(reply.body[0])
        bus.disconnect()
