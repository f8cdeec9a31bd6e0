"""`tagtrail enter` and a running gateway: answered once it is on disk, refused with what would be right."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from edge.facts import FACTS
from tests.edge.test_cli import tagtrail
from tests.faults.rig import Gateways, journalled


@pytest.fixture
def cold_store(tmp_path: Path) -> Path:
    """A room whose probe does not answer; people enter what moves."""
    data = {
        "gateway": {"id": "dx-coldstore-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡冷库"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(tmp_path / "journal.db")},
        "ports": {"panel": {"tcp": "127.0.0.1:9"}},
        "places": {"cold-room-1": {"kind": "cold-room", "name": "1号冷藏库"}},
        "devices": {
            "air": {"driver": "modbus", "port": "panel", "profile": "pt100-8", "unit": 1, "channel": 1}
        },
        "records": {"storage": {"cold-room-1": {"place": "cold-room-1", "climate": ["air"]}}},
    }
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


def trade(folder: Path) -> Iterator[dict[str, Any]]:
    """The records of the trade that are on disk."""
    for (lane, _), body in journalled(folder / "journal.db").items():
        record = orjson.loads(body).get("record", {}) if lane == "records" else {}
        if record.get("kind") in {"storage", "dispatch", "inspection", "recall"}:
            yield record


async def test_what_is_answered_is_on_disk_even_if_the_gateway_is_killed_at_once(
    cold_store: Path, gateways: Gateways, tmp_path: Path
) -> None:
    gateway = gateways(cold_store)
    await gateway.start()
    await gateway.status()
    move = ("move", "place=cold-room-1", "direction=in", "subject=lot:A-1", "count=40", "by=马师傅")
    said = await tagtrail("enter", cold_store, *move, "--json")
    await gateway.kill()
    assert said.code == 0, said
    [record] = trade(tmp_path)
    assert said.facts == {"ok": True, "records": [record["id"]]}
    assert record["basic"]["movements"][0]["worker"] == "马师傅"

    await gateway.start()
    try:
        await gateway.status()
        again = await tagtrail("enter", cold_store, *move[:4])
        assert (again.code, "lot:A-1 has been in cold-room-1 since" in again.err) == (1, True)
        field = ("field=basic.movements.0.quantity.count", "value=38")
        wrong = await tagtrail("enter", cold_store, "correct", f"record={record['id']}", *field)
        assert (wrong.code, "reason=TEXT" in wrong.err) == (1, True)
        right = await tagtrail(
            "enter", cold_store, "correct", f"record={record['id']}", *field, "reason=数错了", "--json"
        )
        assert right.facts == {"ok": True, "records": [record["id"]]}
    finally:
        assert await gateway.stop() == 0
    corrected = [each for each in trade(tmp_path) if each["id"] == record["id"]][-1]
    assert (corrected["revision"], corrected["reason"]) == (2, "数错了")
    assert corrected["basic"]["movements"][0]["quantity"]["count"] == 38
    assert corrected["source"]["basic.movements.0.quantity.count"]["name"] == getpass.getuser()


async def test_refusals_say_what_would_be_right_in_both_languages(
    cold_store: Path, gateways: Gateways
) -> None:
    recall = ("recall", "subject=lot:A-1", "action=recaled")
    alone = await tagtrail("enter", cold_store, *recall)
    assert (alone.code, "tagtrail run" in alone.err) == (3, True)
    gateway = gateways(cold_store)
    await gateway.start()
    try:
        await gateway.status()
        english = await tagtrail("enter", cold_store, *recall)
        assert (english.code, "did you mean recalled?" in english.err) == (1, True), english
        chinese = await tagtrail("enter", cold_store, *recall, "--json", lang="zh")
        assert (chinese.code, chinese.facts["ok"], chinese.facts["problem"]) == (1, False, "facts.unfit")
        assert "recalled" in chinese.facts["sentence"]
        assert "did you mean" not in chinese.facts["sentence"]
        nowhere = await tagtrail(
            "enter", cold_store, "move", "place=cold-room-2", "direction=in", "subject=lot:A-1"
        )
        assert "there are: cold-room-1" in nowhere.err
        unknown = await tagtrail("enter", cold_store, "correct", "record=4711", "field=basic.x", "reason=x")
        assert "value is missing" in unknown.err
        untaken = await tagtrail("enter", cold_store, "crew", "vehicle=truck", "names=马师傅")
        assert "crew" in untaken.err
        mistyped = await tagtrail("enter", cold_store, "recal", "subject=lot:A-1")
        assert (mistyped.code, "recall" in mistyped.err) == (2, True)
        late = await tagtrail(
            "enter", cold_store, "recall", "subject=lot:A", "action=recalled", "at=tomorrow"
        )
        assert (late.code, "10:20" in late.err) == (2, True)
    finally:
        assert await gateway.stop() == 0


@pytest.mark.parametrize(("lang", "term"), [("en", "How many pieces."), ("zh", "件数")])
async def test_the_facts_are_listed_with_their_fields(lang: str, term: str) -> None:
    said = await tagtrail("enter", "--facts", lang=lang)
    assert said.code == 0, said
    assert term in said.out
    assert "in | out" in said.out
    for fact, model in FACTS.items():
        assert fact in said.out
        assert set(model.model_fields) <= set(said.out.split())
