"""The verb `diagnose`: what the pack holds, and what it never does."""

from __future__ import annotations

import asyncio
import json
import logging
import tarfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Frame, Reason, Reject
from edge import cli
from edge.diagnosis import running as diagnosis
from edge.diagnosis.recent import LINES_MOST, RecentLog, recent
from edge.messages import Lang
from tests.edge.test_gateway import site
from tests.faults.rig import Gateways

MARK = "s3cret-marker"
PORTS = {"ear": {"serial": "/dev/serial/by-id/usb-nothing"}}
DEVICES = {"ear-tags": {"driver": "wl134", "port": "ear"}}


def said(*arguments: object, lang: Lang = "en") -> Result:
    return CliRunner().invoke(cli.build(lang), [str(argument) for argument in arguments])


def contents(pack: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(pack) as file:
        for member in file.getmembers():
            body = file.extractfile(member)
            assert body is not None
            found[member.name.partition("/")[2]] = body.read()
    return found


async def test_the_pack_of_a_running_gateway_holds_what_it_says_and_no_secret(
    tmp_path: Path, gateways: Gateways, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGTRAIL_TEST_SECRET", MARK)
    secret = tmp_path / "password"
    secret.write_text(MARK)
    secret.chmod(0o600)
    mqtt = {"username": "dx", "password": {"env": "TAGTRAIL_TEST_SECRET"}, "url": "mqtt://127.0.0.1:9"}
    filed = {**mqtt, "url": "mqtt://127.0.0.1:10", "password": {"file": str(secret)}}
    path = site(tmp_path, ports=PORTS, devices=DEVICES, uplinks={"a": {"mqtt": mqtt}, "b": {"mqtt": filed}})
    path.write_text(path.read_text() + f"# the password is {MARK}\n")
    gateway = gateways(path)
    await gateway.start()
    await gateway.status()
    to = tmp_path / "pack.tar.gz"
    done = await asyncio.to_thread(said, "diagnose", path, "-o", to)
    assert done.exit_code == 0, done
    await gateway.stop()
    assert to.stat().st_mode & 0o777 == 0o600
    found = contents(to)
    assert "No secret is in it" in found["README.txt"].decode()
    assert set(found) == {line.split(":")[0] for line in done.output.splitlines()[1:8]} | {"README.txt"}
    assert json.loads(found["status.json"])["running"]
    assert "usb-nothing" in found["log.txt"].decode()
    assert "TAGTRAIL_TEST_SECRET" in found["settings.yaml"].decode()
    assert json.loads(found["versions.json"])["libraries"]["pyserial"]
    lanes = json.loads(found["journal.json"])["lanes"]
    assert [lane["lane"] for lane in lanes] == ["records", "telemetry"]
    key = (tmp_path / "journal.db.key").read_text().splitlines()[1]
    for name, body in found.items():
        assert MARK not in body.decode(), name
        assert key not in body.decode(), name
    assert MARK not in to.name
    again = await asyncio.to_thread(said, "diagnose", path, "-o", to)
    assert (again.exit_code, "cannot be written" in again.output) == (1, True)


def test_without_a_gateway_there_is_a_pack_all_the_same(tmp_path: Path) -> None:
    to = tmp_path / "pack.tar.gz"
    done = said("diagnose", site(tmp_path), "-o", to, "--json", lang="zh")
    assert done.exit_code == 0
    assert set(json.loads(done.output)["contents"]) == set(contents(to))
    assert json.loads(contents(to)["status.json"])["running"] is False
    assert "没有任何密钥" in contents(to)["README.txt"].decode()


async def test_the_newest_refused_frames_are_kept_with_their_reasons(tmp_path: Path) -> None:
    from edge import gateway  # the composition root alone knows the drivers

    opened = await gateway.Gateway.open(gateway.load(site(tmp_path, ports=PORTS, devices=DEVICES)))
    for number in range(20):
        opened.intake.refuse(
            "ear-tags", Reject(Reason.CHECKSUM, f"number {number}"), Frame(bytes([number]) * 900)
        )
    told = await diagnosis.told(opened)
    frames = told["refused_frames"]["ear-tags"]
    assert [frame["reason"] for frame in frames] == ["checksum"] * 8
    assert frames[-1]["frame"].split() == ["13"] * 256
    assert "number 19" in frames[-1]["detail"]
    assert told["devices"]["ear-tags"]["refused"] == {"checksum": 20}
    small = await diagnosis.told(opened, 2048)
    assert len(orjson.dumps(small, option=orjson.OPT_NON_STR_KEYS)) <= 2048
    assert "refused_frames" in small["left_out"]
    await opened.journal.close()


def test_the_log_in_memory_is_bounded() -> None:
    kept, root = RecentLog(), logging.getLogger()
    root.addHandler(kept)
    try:
        for number in range(LINES_MOST + 5):
            logging.getLogger("edge.test").warning("line %d %s", number, "x" * 5000)
        lines = recent()
    finally:
        root.removeHandler(kept)
    assert len(lines) == LINES_MOST
    assert f"line {LINES_MOST + 4} " in lines[-1]
    assert max(map(len, lines)) <= 1000


FACTS: dict[str, Any] = {"gateway": "dx", **{part: ["x" * 300] for part in diagnosis.GIVES_WAY}}


@given(st.lists(st.text(max_size=80), max_size=60), st.integers(400, 8000))
def test_what_is_told_from_afar_never_exceeds_its_bound(log: list[str], most: int) -> None:
    told = diagnosis.within(FACTS, log, most)
    assert len(orjson.dumps(told)) <= most
    assert told["log"] == log[len(log) - len(told["log"]) :]
    assert ("log" in told["left_out"]) == (len(told["log"]) < len(log))
