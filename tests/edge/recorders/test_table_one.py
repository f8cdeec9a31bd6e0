"""Table 1 of T/LDTSA 003-2022, rows 养殖 and 屠宰: what a gateway gives, from which source.

The rows are those that a gateway captures (C), derives (D), forwards (F) or gives in part (P).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.edge.recorders.abattoir import Plant, flock, newest, passes, says, sees, tag


class RowOfTable(NamedTuple):
    """path: in the record. source: who must have said it."""

    term: str
    marks: str
    kind: str
    path: str
    source: str


TABLE = [
    RowOfTable("出栏日期及检疫", "P", "arrival", "basic.certificate", "sensor"),
    RowOfTable("入场时间", "C", "arrival", "basic.arrived_at", "sensor"),
    RowOfTable("屠宰场名称", "F", "slaughter", "basic.plant", "settings"),
    RowOfTable("宰前检疫", "P", "slaughter", "basic.ante_mortem", "person"),
    RowOfTable("宰后检疫", "P", "slaughter", "basic.post_mortem", "person"),
    RowOfTable("清洗消毒", "P", "slaughter", "basic.cleaning", "person"),
    RowOfTable("屠宰时间", "C", "slaughter", "basic.slaughtered_at", "sensor"),
    RowOfTable("分割信息", "P", "slaughter", "basic.cutting", "person"),
    RowOfTable("生产过程的时间及温度", "C,D", "slaughter", "extended.process", "sensor"),
    RowOfTable("生产过程的时间及温度", "C,D", "slaughter", "extended.core_temperature", "sensor"),
    RowOfTable("病死及病害动物无害化处理", "P", "slaughter", "extended.disposal", "person"),
    RowOfTable("包装", "P", "slaughter", "extended.packing", "person"),
]


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    """The records of one sheep of which everything is known."""
    [animal] = flock(1)
    carcass, live = "carcass:6229260026112200001", f"cn-eartag:{tag(1)}"
    verdict = {"stage": "post_mortem", "result": "passed"}
    day = [
        sees(2900, "bench-scanner", "6201234567", "text"),
        says(3100, "verdict", subject=live, stage="ante_mortem", result="passed"),
        says(3200, "cleaning", place="stunning", agent="热水 82 ℃"),
        *animal.at_the_lairage(),
        *animal.on_the_line(),
        *passes(3600, 5000),
        says(5100, "verdict", subject=carcass, **verdict),
        says(5200, "cutting", subject=carcass, into=["cut:1", "cut:2"]),
        says(5300, "packing", subject=carcass, into="sscc:106141412345678908"),
        says(5400, "disposal", subject=carcass, method="化制", mass_kg=0.4),
    ]
    outputs = Plant().feed(day)
    return {kind: next(iter(newest(outputs, kind).values())) for kind in ("arrival", "slaughter")}


@pytest.mark.parametrize("row", TABLE, ids=[f"{row.term} {row.path}" for row in TABLE])
def test_the_row_has_a_value_from_its_source(row: RowOfTable, told: dict[str, dict[str, Any]]) -> None:
    part, name = row.path.split(".")
    body = told[row.kind]
    assert body[part][name] not in (None, [], "")
    assert body["source"][row.path]["kind"] == row.source
