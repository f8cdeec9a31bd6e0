"""Where a person puts a code right, what became of it and what the record is about go with it.

::

    basic.certificate: 6200000001 → 6200000002
    certificate:6200000001 ─covers─▶ lot:261122-001      becomes      certificate:6200000002 ─covers─▶ …
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from edge.instant import parse_rfc3339, rfc3339
from edge.journal.trail import Link
from edge.recorders.contract import Derived
from edge.recorders.issuer import receiver_node, spelt, subject
from edge.records.record import Subject, TradeRecord

SCHEMES: Final = {
    "certificate": "certificate",
    "lot": "lot",
    "carcass": "carcass",
    "report": "report",
    "place": "place",
}
"""Fields whose values stand without their scheme, and that; codes of other fields carry theirs."""

TIMES: Final = ("at", "from", "to")
"""Beside a code in a piece of a record: the instants at which it was so."""


class Made(NamedTuple):
    """The link that comes with a field that was empty. role: of the subject at its other end. forward:
    from it to the code."""

    relation: str
    role: str
    forward: bool = True


MAKES: Final = {
    ("arrival", "certificate"): Made("covers", "lot", forward=False),
    ("dispatch", "receiver"): Made("dispatched", "goods"),
    ("inspection", "report"): Made("inspected", "batch"),
}


def led_to(derived: Derived, path: str, body: Mapping[str, Any], now: object) -> Derived:
    """``derived`` with what ``path`` names in ``body`` put right to ``now``: subjects, links and nodes."""
    record, field = derived.record, _field(path)
    before, new = _node(field, at_path(body, path)), _node(field, now)
    if before == new or not isinstance(record, TradeRecord):
        return derived
    if before is None:
        links = [*derived.links, *_made(record, field, new or "")]
    else:
        when = _times(body, path)
        links = [renamed for link in derived.links if (renamed := _renamed(link, before, new, when))]
    standing = {end for link in links for end in (link.source, link.target)}
    subjects = [other for each in record.subjects for other in _renamed_subject(each, before, new, standing)]
    if before is None and new is not None and field in SCHEMES:
        subjects.append(subject(new, field))
    named = (each if each != before or each in standing else new for each in derived.nodes)
    changed = record.model_copy(update={"subjects": subjects, "links": _said(record, derived.links, links)})
    return Derived(changed, tuple(links), tuple(each for each in named if each is not None))


def at_path(body: Mapping[str, Any], path: str) -> object:
    """What stands at this place; None: nothing."""
    place: Any = body
    for step in path.split("."):
        if isinstance(place, list):
            place = place[int(step)] if int(step) < len(place) else None
        else:
            place = place.get(step)
        if place is None:
            return None
    return place


def _field(path: str) -> str:
    """The name of the field, or of the list in which it stands."""
    return next(step for step in reversed(path.split(".")) if not step.isdigit())


def _node(field: str, value: object) -> str | None:
    """The node of the trail that a field's value names; None: it names none."""
    if not isinstance(value, str) or not value:
        return None
    if field == "receiver":
        return receiver_node(value)
    if field in SCHEMES:
        return f"{SCHEMES[field]}:{value}"
    return value if ":" in value else None


def _times(body: Mapping[str, Any], path: str) -> set[str]:
    """When what ``path`` names was so, where it stands in a list of pieces; empty: it stands alone."""
    way = path.split(".")[:-1]
    if not any(step.isdigit() for step in way):
        return set()
    while way:
        piece = at_path(body, ".".join(way))
        if isinstance(piece, Mapping) and (times := {piece[name] for name in TIMES if name in piece}):
            return times
        way.pop()
    return set()


def _renamed(link: Link, before: str, new: str | None, when: set[str]) -> Link | None:
    """None: what it led to is no more."""
    if before not in (link.source, link.target) or (when and rfc3339(link.at) not in when):
        return link
    if new is None:
        return None
    source, target = (new if end == before else end for end in (link.source, link.target))
    return link._replace(source=source, target=target)


def _said(record: TradeRecord, before: Iterable[Link], after: Iterable[Link]) -> list[dict[str, str]]:
    """The links that the record itself spells; of a long list it spells but some, and not always when."""
    gone, come = set(before) - set(after), [link for link in after if link not in set(before)]
    kept = [each for each in record.links if not any(_spells(each, link) for link in gone)]
    return [*kept, *spelt(come)]


def _spells(said: Mapping[str, str], link: Link) -> bool:
    ends = (link.source, link.relation, link.target)
    same = (said["source"], said["relation"], said["target"]) == ends
    return same and said.get("at", rfc3339(link.at)) == rfc3339(link.at)


def _made(record: TradeRecord, field: str, code: str) -> Iterator[Link]:
    """The link of a code that was not there."""
    made = MAKES.get((record.kind, field))
    if made is None:
        return
    for each in record.subjects:
        if each.role == made.role:
            source, target = (each.node, code) if made.forward else (code, each.node)
            yield Link(source, made.relation, target, parse_rfc3339(record.since))


def _renamed_subject(
    each: Subject, before: str | None, new: str | None, standing: set[str]
) -> Iterator[Subject]:
    """One that a link still names stays beside its new name."""
    if each.node != before or each.node in standing:
        yield each
    if each.node == before and new is not None:
        yield subject(new, each.role or "")
