"""Inspections and recalls are records as they are said."""

from __future__ import annotations

from edge.facts import read_fact
from edge.instant import rfc3339
from edge.recorders.entered import Entered
from tests.edge.recorders.cold_store import ISSUER, at
from tests.edge.recorders.player import play

LOT = "lot:A-1"


def test_an_inspection_has_what_the_standard_asks_for() -> None:
    report = {
        "subject": LOT,
        "agency": "临夏州检测中心",
        "result": "passed",
        "standard": "NY/T 2799",
        "report": "JC-2026-77",
        "source": "东乡县",
    }
    fact = read_fact("inspection", report, by="王检验", entered=at(60), at=at(0))
    first, again = play(lambda: Entered(ISSUER), [fact, fact])
    assert first == again
    assert first["basic"] == {
        "product_source": "东乡县",
        "inspected_at": rfc3339(at(0)),
        "agency": "临夏州检测中心",
        "standard": "NY/T 2799",
        "batch": LOT,
        "result": "passed",
    }
    assert first["extended"] == {"report": "JC-2026-77"}
    assert first["links"][0] == {
        "source": LOT,
        "relation": "inspected",
        "target": "report:JC-2026-77",
        "at": rfc3339(at(0)),
    }
    by = {"kind": "person", "name": "王检验", "at": rfc3339(at(60))}
    assert first["source"] == dict.fromkeys(
        [
            *(
                f"basic.{name}"
                for name in ("inspected_at", "batch", "agency", "result", "standard", "product_source")
            ),
            "extended.report",
        ],
        by,
    )


def test_a_recall_and_its_notification_are_two_records() -> None:
    facts = [
        read_fact("recall", {"subject": LOT, "action": "recalled"}, by="李质检", entered=at(0)),
        read_fact(
            "recall", {"subject": LOT, "action": "notified", "whom": "超市"}, by="李质检", entered=at(0)
        ),
    ]
    recalled, notified = play(lambda: Entered(ISSUER), facts)
    assert recalled["id"] != notified["id"]
    assert (recalled["kind"], recalled["subjects"][0]["value"]) == ("recall", "A-1")
    assert notified["basic"] == {
        "action": "notified",
        "done_at": rfc3339(at(0)),
        "subject": LOT,
        "whom": "超市",
    }
