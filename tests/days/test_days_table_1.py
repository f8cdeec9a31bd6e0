"""Table 1 of T/LDTSA 003-2022, row by row: what a gateway gives of it, from which source.

The rows are those that a gateway captures (C), derives (D), forwards (F) or gives in part (P); all others
belong to farms, laboratories and shops.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from simulators.climate import RoomOptions
from simulators.days import road, sheep, store
from simulators.days.tape import Day
from tests.days.playback import Playback, Word, final, of, programme
from tests.days.sites import COLD_STORE, SHEEP_LINE, TRUCK

BEGINS = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
STILL = RoomOptions(2.0, ambient=16.0, defrost_every=0, door_every=0)


class Row(NamedTuple):
    """A term of the table. path: where the record has it. source: who must have said it."""

    stage: str
    term: str
    marks: str
    kind: str
    path: str
    source: str


ROWS = [
    Row("养殖", "出栏日期及检疫", "P", "arrival", "basic.certificate", "sensor"),
    Row("养殖", "出栏日期及检疫", "P", "arrival", "basic.arrived_at", "sensor"),
    Row("屠宰", "屠宰场名称", "F", "slaughter", "basic.plant", "settings"),
    Row("屠宰", "宰前检疫", "P", "slaughter", "basic.ante_mortem", "person"),
    Row("屠宰", "宰后检疫", "P", "slaughter", "basic.post_mortem", "person"),
    Row("屠宰", "清洗消毒", "P", "slaughter", "basic.cleaning", "person"),
    Row("屠宰", "屠宰时间", "C", "slaughter", "basic.slaughtered_at", "sensor"),
    Row("屠宰", "分割信息", "P", "slaughter", "basic.cutting", "person"),
    Row("屠宰", "生产过程的时间及温度", "C,D", "slaughter", "extended.process", "sensor"),
    Row("屠宰", "生产过程的时间及温度", "C,D", "slaughter", "extended.core_temperature", "sensor"),
    Row("屠宰", "病死及病害动物无害化处理", "P", "slaughter", "extended.disposal", "person"),
    Row("屠宰", "包装", "P", "slaughter", "extended.packing", "person"),
    Row("贮存", "库房位置", "F", "storage", "basic.location", "settings"),
    Row("贮存", "贮存日期", "C", "storage", "basic.date", "derived"),
    Row("贮存", "设施", "F", "storage", "basic.facility", "settings"),
    Row("贮存", "出入库数量", "C,D", "storage", "basic.entered", "derived"),
    Row("贮存", "出入库数量", "C,D", "storage", "basic.left", "derived"),
    Row("贮存", "出入库时间", "C", "movement", "basic.movements", "sensor"),
    Row("贮存", "贮存温湿度", "C", "storage", "climate.temperature", "sensor"),
    Row("贮存", "贮存温湿度", "C", "storage", "climate.humidity", "sensor"),
    Row("贮存", "环境条件", "C", "storage", "basic.door", "sensor"),
    Row("贮存", "仓库编号或库位", "F", "storage", "extended.bin", "settings"),
    Row("贮存", "操作人员", "P", "storage", "extended.workers", "person"),
    Row("运输", "运输工具牌号", "F", "transport", "basic.plate", "settings"),
    Row("运输", "运输工具消毒证明", "P", "transport", "basic.disinfection", "person"),
    Row("运输", "运输起止日期", "C,D", "transport", "basic.departed_at", "derived"),
    Row("运输", "运输起止日期", "C,D", "transport", "basic.arrived_at", "derived"),
    Row("运输", "起止位置", "C,D", "transport", "basic.start", "derived"),
    Row("运输", "起止位置", "C,D", "transport", "basic.end", "derived"),
    Row("运输", "运输人员", "P", "transport", "basic.crew", "person"),
    Row("运输", "运输数量", "C,D", "transport", "basic.loaded", "sensor"),
    Row("运输", "运输数量", "C,D", "transport", "basic.delivered", "sensor"),
    Row("运输", "运输温湿度", "C", "transport", "climate.temperature", "sensor"),
    Row("运输", "运输温湿度", "C", "transport", "climate.humidity", "sensor"),
    Row("运输", "运输环境卫生", "P", "transport", "extended.hygiene", "person"),
    Row("销售", "市场流向", "P", "dispatch", "basic.receiver", "sensor"),
    Row("销售", "进货时间", "P", "dispatch", "basic.dispatched_at", "sensor"),
    Row("销售", "保存条件", "P", "dispatch", "basic.conditions.temperature", "sensor"),
    Row("销售", "肉品质检验合格证", "P", "dispatch", "extended.meat_certificate", "person"),
]


def slaughtered(folder: Any) -> list[dict[str, Any]]:
    """Of a few sheep; what people say is about the first."""
    day = Day(BEGINS)
    line = sheep.Line((sheep.Lot("6200000001", 3),), stunning_at=1200.0, chilling=1800.0)
    sheep.play(day, line)
    tag = f"cn-eartag:{next(of(day.truth, 'stunned'))['animal']}"
    words = [
        Word(100.0, "cleaning", {"place": "stunning", "agent": "热水 82 ℃"}),
        Word(900.0, "verdict", {"subject": tag, "stage": "ante_mortem", "result": "passed"}),
        Word(1900.0, "verdict", {"subject": tag, "stage": "post_mortem", "result": "passed"}),
        Word(4200.0, "cutting", {"subject": tag, "into": ["cut:1", "cut:2"]}),
        Word(4201.0, "packing", {"subject": tag, "into": "sscc:106141412345678908"}),
        Word(4202.0, "disposal", {"subject": tag, "method": "化制", "mass_kg": 0.4}),
    ]
    records = Playback(SHEEP_LINE, BEGINS, folder).play(programme(day, words))
    return [record for record in records if tag == record.get("basic", {}).get("animal")]


def stored(folder: Any) -> list[dict[str, Any]]:
    """Of an hour in the cold store; what went in and out has a record of its own besides."""
    day = Day(BEGINS)
    openings = ((1800.0, 1860.0),)
    room = replace(STILL, openings=openings)
    pallets = ((600.0, 2400.0), (700.0, None))
    store.play(day, store.Store(room, pallets, dispatched=(300.0, "6901234000047"), ends=3720.0))
    code = next(of(day.truth, "dispatched"))["code"]
    goods = {"place": "cold-room-1", "direction": "in", "subject": "lot:261122-001"}
    sold = {"subject": f"sscc:{code}", "receiver": "兰州肉联批发市场", "meat_certificate": "RP-26-118"}
    words = [Word(1500.0, "move", goods), Word(3000.0, "dispatch", sold)]
    records = Playback(COLD_STORE, BEGINS, folder).play(programme(day, words))
    return [
        record | {"kind": "movement"} if record["kind"] == "storage" and "to" not in record else record
        for record in records
    ]


def carried(folder: Any) -> list[dict[str, Any]]:
    """Of a short trip."""
    day = Day(BEGINS)
    *way, end = road.route_of("truck")[:3]
    road.play(day, road.Trip([*way, end._replace(stop=3600.0)], STILL, stays=1000.0))
    words = [
        Word(30.0, "disinfection", {"vehicle": "truck", "number": "XD-2026-0117"}),
        Word(40.0, "crew", {"vehicle": "truck", "names": ["马建国", "王强"]}),
        Word(45.0, "cleaning", {"place": "truck", "agent": "过氧乙酸"}),
    ]
    settings = TRUCK.replace("lat: 36.0611, lon: 103.8343", f"lat: {end.lat}, lon: {end.lon}")
    return Playback(settings, BEGINS, folder).play(programme(day, words))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The first record of each kind."""
    days = (slaughtered, stored, carried)
    records = [record for play in days for record in final(play(tmp_path_factory.mktemp(play.__name__)))]
    return {record["kind"]: record for record in reversed(records)}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.stage} {row.term} {row.path}" for row in ROWS])
def test_the_row_has_a_value_from_its_source(row: Row, told: dict[str, dict[str, Any]]) -> None:
    record = told[row.kind]
    value: Any = record
    for part in row.path.split("."):
        value = value[part]
    assert value not in (None, "", [], {})
    assert record["source"][row.path]["kind"] == row.source
