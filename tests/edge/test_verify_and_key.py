"""The verbs `verify` and `key` as an inspector types them, on what a real gateway left behind."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiomqtt
import pytest
import yaml
from click.testing import CliRunner, Result

from edge import cli
from edge.errors import JournalError
from edge.journal.block import Lane
from edge.messages import Lang
from tests.edge.evidence.evidence_rig import KEY, Box, newest_seal
from tests.faults.rig import GatewayProcess, Gateways
from tests.mosquitto import Broker


def said(*arguments: object, lang: Lang = "en") -> Result:
    """What the verb prints, and its exit code."""
    return CliRunner().invoke(cli.build(lang), [str(argument) for argument in arguments])


def facts(*arguments: object) -> Any:
    return json.loads(said(*arguments, "--json").output)


class Left(NamedTuple):
    """Settings and journal of a gateway that has been asked to end. stream: what a consumer had of it."""

    config: Path
    journal: Path
    stream: Path


async def run_once(gateway: GatewayProcess) -> None:
    await gateway.start()
    async with asyncio.timeout(60):
        while (await gateway.status())["uplinks"]["platform"]["acknowledged_blocks"] == 0:
            await asyncio.sleep(0.1)
    assert await gateway.stop() == 0


@pytest.fixture
async def left(mosquitto: Path, tmp_path: Path, gateways: Gateways) -> AsyncIterator[Left]:
    """Two runs of a gateway whose key was rotated between them."""
    async with Broker(mosquitto, tmp_path) as broker:
        data = {
            "gateway": {"id": "dx-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
            "clock": {"trust": "system"},
            "journal": {"path": str(tmp_path / "journal.db")},
            "uplinks": {"platform": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}"}}},
        }
        config = tmp_path / "site.yaml"
        config.write_text(yaml.safe_dump(data, allow_unicode=True))
        async with aiomqtt.Client("127.0.0.1", broker.port) as consumer:
            for room in ("records/+", "telemetry", "seal/+"):
                await consumer.subscribe(f"tagtrail/dx-01/{room}", qos=1)
            gateway = gateways(config)
            await run_once(gateway)
            rotated = said("key", config, "--rotate")
            assert rotated.exit_code == 0
            assert "started again" in rotated.output
            await run_once(gateway)
            stream = tmp_path / "stream.jsonl"
            with stream.open("wb") as file:
                while len(consumer.messages):
                    file.write(bytes((await anext(aiter(consumer.messages))).payload) + b"\n")
        yield Left(config, tmp_path / "journal.db", stream)


async def test_what_a_gateway_left_holds_by_its_key_of_before_and_of_now(left: Left, tmp_path: Path) -> None:
    shown = facts("key", left.config)
    (handover,) = shown["handovers"]
    new, old = shown["key"], handover["old"]
    assert said("key", left.config).output.startswith(f"public key: {new}\nhanded over on ")
    assert said("key", left.config, lang="zh").output.startswith(f"公钥：{new}\n")
    export = tmp_path / "export.jsonl"
    whole = facts("verify", left.config, "--export", export)
    assert whole["holds"]
    assert {lane["head"] - lane["proven"] for lane in whole["lanes"]} == {0}, "sealed at its stop"
    in_en, in_zh = said("verify", left.config), said("verify", left.config, lang="zh")
    assert (in_en.exit_code, in_zh.exit_code) == (0, 0)
    assert "records: blocks 1 to" in in_en.output
    assert "属实" in in_zh.output
    copy = shutil.copy(left.journal, tmp_path / "copy.db")
    for key in (old, new):
        assert said("verify", copy, "--key", key).exit_code == 0
        assert said("verify", export, "--key", key).exit_code == 0
        assert said("verify", left.stream, "--key", key, "--captured").exit_code == 0

    lines = export.read_bytes().splitlines(keepends=True)
    tampered, cut = tmp_path / "tampered.jsonl", tmp_path / "cut.jsonl"
    tampered.write_bytes(export.read_bytes().replace(b'"started"', b'"stopped"', 1))
    cut.write_bytes(b"".join(lines[:-1]))
    for arguments, en, zh in (
        ((tampered, "--key", new), "changed: the bytes are not those that were sealed", "被改动"),
        ((cut, "--key", new), "cut off at the tail", "末尾被截"),
        ((export, "--key", "0" * 64), "not, or no longer, this gateway's", "不是（或已不再是）"),
    ):
        assert en in said("verify", *arguments).output
        assert zh in said("verify", *arguments, lang="zh").output
        assert said("verify", *arguments).exit_code == 1
    (broken,) = [
        lane["broken"] for lane in facts("verify", tampered, "--key", new)["lanes"] if lane["broken"]
    ]
    assert broken["kind"] == "changed"


def test_a_set_back_journal_needs_a_seal_that_somebody_else_has_kept(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.written()
    yesterday = shutil.copy(box.path, tmp_path / "yesterday.db")
    box.written()
    (tmp_path / "seals.jsonl").write_bytes(newest_seal(box.path, Lane.RECORDS).payload + b"\n")
    arguments = "verify", yesterday, "--key", KEY.public
    assert said(*arguments).exit_code == 0
    witnessed = said(*arguments, "--seal", tmp_path / "seals.jsonl")
    assert witnessed.exit_code == 1
    assert "rolled back: a witnessed seal has seen more, or other, blocks" in witnessed.output


def test_what_cannot_be_verified_is_said(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.jsonl"
    nothing.touch()
    keyless = said("verify", nothing)
    assert keyless.exit_code == 2
    assert "tagtrail key CONFIG" in keyless.output
    malformed = said("verify", nothing, "--key", "abc")
    assert malformed.exit_code == 2
    assert "64 hexadecimal digits" in malformed.output
    empty = said("verify", nothing, "--key", "0" * 64, lang="zh")
    assert empty.exit_code == 1
    assert "既无数据块也无封签" in empty.output
    absent = said("verify", tmp_path / "none.db", "--key", "0" * 64)
    assert isinstance(absent.exception, JournalError)
    assert "cannot be read" in str(absent.exception)
