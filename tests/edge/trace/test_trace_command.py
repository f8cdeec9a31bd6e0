"""`tagtrail trace` as an inspector types it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from edge import gateway
from edge.gateway import Gateway
from tests.edge.trace.conftest import PLANT

CHECKOUT = Path(__file__).parents[3]
TAG = PLANT.tag(2, 17)


class Said(NamedTuple):
    """What a call printed and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def config(tmp_path: Path, plant_journal: Path) -> Path:
    """The settings of the plant; its journal is a copy."""
    shutil.copy(plant_journal, tmp_path / "journal.db")
    data: dict[str, Any] = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(tmp_path / "journal.db"), "keep": {"records": "30y"}},
        "places": {
            "chiller-3": {"kind": "chiller", "name": "3号排酸间"},
            "truck": {"kind": "vehicle", "name": "冷藏车 7 号"},
        },
    }
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


async def trace(config: Path, *arguments: object, lang: str = "en") -> Said:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "trace", str(config), *map(str, arguments), "--lang", lang),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        (
            "zh",
            ("耳标", "成为", "3号排酸间：胴体", "冷藏车 7 号", "温度", "积石山", "2024-11-24 17:25:00"),
        ),
        ("en", ("ear tag", "became", "3号排酸间: carcass", "Where it was", "temperature", "before:")),
    ],
)
async def test_people_read_it_in_their_language_and_time(
    config: Path, lang: str, parts: tuple[str, ...]
) -> None:
    said = await trace(config, TAG.partition(":")[2], "--around", 1, lang=lang)
    assert (said.code, said.err) == (0, "")
    assert [part for part in parts if part not in said.out] == []


async def test_it_is_answered_while_the_daemon_runs_and_changes_nothing(config: Path) -> None:
    before = await trace(config, TAG, "--json")
    running = await Gateway.open(gateway.load(config))
    during = await trace(config, TAG, "--json")
    await running.journal.close()
    assert before.code == during.code == 0
    assert json.loads(before.out) == json.loads(during.out)


async def test_what_met_a_county(config: Path) -> None:
    said = await trace(config, "--county", "622927", "--from", "2024-11-24", "--to", "2024-11-24", "--json")
    facts = json.loads(said.out)
    assert set(facts["seeds"]) == {PLANT.tag(2, n) for n in range(60) if PLANT.lot_of(n) % 2 == 1}
    shown = await trace(config, "--lot", PLANT.lot(2, 1))
    assert shown.out.startswith("1 codes")
    assert "more; --json" in shown.out
    before = await trace(config, "--lot", PLANT.lot(2, 1), "--from", "2024-11-01", "--to", "2024-11-02")
    assert before.out.startswith("1 codes, 0 stays; 0 others")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["362292699999999"], 1, "knows nothing"),
        (["--lot", "none"], 1, "knows nothing"),
        ([], 2, "one of them"),
        ([TAG, "--lot", "x"], 2, "one of them"),
        (["--county", "622926"], 2, "one of them"),
        (["--county", "622900", "--from", "2024-11-24", "--to", "2024-11-25"], 2, "no county"),
        (["--county", "622926", "--from", "yesterday", "--to", "2024-11-25"], 2, "no time"),
    ],
)
async def test_no_answer_has_its_exit_code(
    config: Path, arguments: list[str], code: int, sentence: str
) -> None:
    said = await trace(config, *arguments)
    assert (said.code, said.out) == (code, "")
    assert sentence in said.err


async def test_a_journal_that_is_not_there_is_no_answer(config: Path, tmp_path: Path) -> None:
    (tmp_path / "journal.db").unlink()
    said = await trace(config, TAG)
    assert said.code == 1
    assert "journal.db" in said.err
