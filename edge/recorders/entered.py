"""检验, 召回: facts that are records as they are said; there is nothing to remember of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from drivers.contract import Instant, Observation
from edge.instant import rfc3339
from edge.journal.trail import Link
from edge.recorders.contract import Derived, Fact, Output
from edge.recorders.issuer import Issuer, spelt, subject
from edge.recorders.memory import Memory
from edge.recorders.origins import said
from edge.records.inspection import InspectionBasic, InspectionExtended, InspectionRecord
from edge.records.recall import RecallBasic, RecallRecord
from edge.records.record import Origin

_INSPECTED: Final = {"source": "product_source", "subject": "batch"}
"""Words of the fact that the record has under the standard's."""


class Entered:
    """The recorder of both."""

    name = "entered"
    hears: frozenset[str] = frozenset()
    takes = frozenset({"inspection", "recall"})

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self.memory = Memory()

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        """Hears nothing."""
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        """Nothing happens by itself."""
        return ()

    def enter(self, fact: Fact) -> Iterable[Output]:
        """The same said twice of the same instant is the same record."""
        return [self._inspected(fact) if fact.kind == "inspection" else self._recalled(fact)]

    def _inspected(self, fact: Fact) -> Derived:
        values = {_INSPECTED.get(name, name): value for name, value in fact.values.items()}
        report = values.pop("report", None)
        batch = values["batch"]
        links = (Link(batch, "inspected", f"report:{report}", fact.at),) if report else ()
        record = InspectionRecord(
            id=self._issuer.id("inspection", f"{batch} {values['agency']}", fact.at),
            revision=1,
            operator=self._issuer.operator,
            since=rfc3339(fact.at),
            subjects=[subject(batch, "batch")],
            basic=InspectionBasic(inspected_at=rfc3339(fact.at), **values),
            extended=InspectionExtended(report=report),
            source=_said(fact, "inspected_at", *values) | ({"extended.report": said(fact)} if report else {}),
            links=spelt(links),
        )
        return Derived(record, links)

    def _recalled(self, fact: Fact) -> Derived:
        goods = fact.values["subject"]
        key = " ".join((goods, fact.values["action"], fact.values.get("whom", "")))
        record = RecallRecord(
            id=self._issuer.id("recall", key, fact.at),
            revision=1,
            operator=self._issuer.operator,
            since=rfc3339(fact.at),
            subjects=[subject(goods, "goods")],
            basic=RecallBasic(done_at=rfc3339(fact.at), **fact.values),
            source=_said(fact, "done_at", *fact.values),
        )
        return Derived(record)


def _said(fact: Fact, *names: str) -> dict[str, Origin]:
    """These of ``basic`` are the person's."""
    return {f"basic.{name}": said(fact) for name in names}
