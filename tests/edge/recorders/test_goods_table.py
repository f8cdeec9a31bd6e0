"""Table 1 of T/LDTSA 003-2022, rows 贮存, 销售, 检验: each has its value, from the source it should have."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from edge.facts import read_fact
from edge.recorders.entered import Entered
from edge.recorders.storage import Storage
from tests.edge.recorders import cold_store as truth
from tests.edge.recorders.player import play
from tests.edge.recorders.test_dispatch import BUYER_GLN, docks, scan, sold, warmth

REPORT = {
    **{"subject": "lot:A-1", "agency": "临夏州检测中心", "result": "passed", "standard": "NY/T 2799"},
    **{"report": "JC-2026-77", "source": "东乡县"},
}

ROWS = [
    ("贮存 库房位置", "storage", "basic.location", "settings"),
    ("贮存 贮存日期", "storage", "basic.date", "derived"),
    ("贮存 设施", "storage", "basic.facility", "settings"),
    ("贮存 出入库数量", "storage", "basic.entered", "derived"),
    ("贮存 出入库数量", "storage", "basic.left", "derived"),
    ("贮存 出入库时间", "movement", "basic.movements", "sensor"),
    ("贮存 贮存温湿度", "storage", "climate.temperature", "sensor"),
    ("贮存 贮存温湿度", "storage", "climate.humidity", "sensor"),
    ("贮存 环境条件", "storage", "basic.door", "sensor"),
    ("贮存 环境条件", "storage", "basic.defrost", "sensor"),
    ("贮存 仓库编号或库位", "storage", "extended.bin", "settings"),
    ("销售 市场流向", "dispatch", "basic.receiver", "sensor"),
    ("销售 进货时间", "dispatch", "basic.dispatched_at", "sensor"),
    ("销售 保存条件", "dispatch", "basic.conditions.temperature", "sensor"),
    ("销售 产品认证", "dispatch", "extended.certification", "person"),
    ("销售 肉品质检验合格证", "dispatch", "extended.meat_certificate", "person"),
    ("检验 产品来源", "inspection", "basic.product_source", "person"),
    ("检验 检验日期", "inspection", "basic.inspected_at", "person"),
    ("检验 检测机构", "inspection", "basic.agency", "person"),
    ("检验 产品标准", "inspection", "basic.standard", "person"),
    ("检验 产品批次", "inspection", "basic.batch", "person"),
    ("检验 检验结果", "inspection", "basic.result", "person"),
    ("检验 检验报告", "inspection", "extended.report", "person"),
]


@cache
def records() -> dict[str, dict[str, Any]]:
    """One of each, from the devices of a morning and the words of people."""
    stored = play(lambda: Storage(truth.ROOM, truth.ISSUER), truth.morning())
    certified = sold(
        90, certification="绿色食品 LB-1", meat_certificate="RP-26-118", receiver="兰州肉联批发市场"
    )
    left = play(
        docks, [warmth(0, 3.5), scan(1, "gln", BUYER_GLN), scan(2, "sscc", truth.PALLETS[0]), certified]
    )
    inspected = play(
        lambda: Entered(truth.ISSUER),
        [read_fact("inspection", REPORT, by="王检验", entered=truth.at(0))],
    )
    return {
        "storage": next(record for record in stored if "to" in record),
        "movement": next(record for record in stored if "to" not in record),
        "dispatch": left[-1],
        "inspection": inspected[0],
    }


@pytest.mark.parametrize(("row", "kind", "path", "source"), ROWS)
def test_the_row_has_its_value_and_its_source(row: str, kind: str, path: str, source: str) -> None:
    record = records()[kind]
    value: Any = record
    for step in path.split("."):
        value = value[step]
    assert value not in (None, "", [], {}), row
    assert record["source"][path]["kind"] == source, row


def test_who_works_in_the_room_is_told() -> None:
    assert records()["storage"]["extended"]["workers"] == ["马师傅"]
