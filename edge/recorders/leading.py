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
    record = derived.record
    if not isinstance(record, TradeRecord):
        return derived
    before, new = _nodes(path, at_path(body, path)), _nodes(path, now)
    if before == new:
        return derived
    renamed = dict(zip(before, new, strict=False)) | dict.fromkeys(before[len(new) :], "")
    when = _times(body, path)
    links = [link for each in derived.links if (link := _renamed(each, renamed, when)) is not None]
    for code in new[len(before) :]:
        links += _made(record, path, code, like=links, last=new[: len(before)])
    standing = {end for link in links for end in (link.source, link.target)}
    subjects = list(_subjects(record, renamed, standing))
    if path.rpartition(".")[2] in SCHEMES and not before:
        subjects += [subject(code, path.rpartition(".")[2]) for code in new]
    nodes = tuple(
        name for each in derived.nodes if (name := each if each in standing else renamed.get(each, each))
    )
    changed = record.model_copy(update={"subjects": subjects, "links": _said(record, derived.links, links)})
    return Derived(changed, tuple(links), nodes)


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


def _nodes(path: str, value: object) -> list[str]:
    """The nodes of the trail that a field's value names."""
    if isinstance(value, list):
        return [node for each in value for node in _nodes(path, each)]
    if not isinstance(value, str) or not value:
        return []
    field = next(step for step in reversed(path.split(".")) if not step.isdigit())
    if field == "receiver":
        return [receiver_node(value)]
    if field in SCHEMES:
        return [f"{SCHEMES[field]}:{value}"]
    return [value] if ":" in value else []


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


def _renamed(link: Link, renamed: Mapping[str, str], when: set[str]) -> Link | None:
    """None: what it led to is no more."""
    if when and rfc3339(link.at) not in when:
        return link
    source, target = renamed.get(link.source, link.source), renamed.get(link.target, link.target)
    return link._replace(source=source, target=target) if source and target else None


def _said(record: TradeRecord, before: Iterable[Link], after: Iterable[Link]) -> list[dict[str, str]]:
    """The links that the record itself spells; of a long list it spells but some, and not always when."""
    gone, come = set(before) - set(after), [link for link in after if link not in set(before)]
    kept = [each for each in record.links if not any(_spells(each, link) for link in gone)]
    return [*kept, *spelt(come)]


def _spells(said: Mapping[str, str], link: Link) -> bool:
    ends = (link.source, link.relation, link.target)
    same = (said["source"], said["relation"], said["target"]) == ends
    return same and said.get("at", rfc3339(link.at)) == rfc3339(link.at)


def _made(record: TradeRecord, path: str, code: str, *, like: list[Link], last: list[str]) -> Iterator[Link]:
    """The link of a code that was not there: as its neighbour in the list has it, or as the field does."""
    for link in [link for link in like if last and last[-1] == link.target]:
        yield link._replace(target=code)
    made = MAKES.get((record.kind, path.rpartition(".")[2]))
    if made is not None and not last:
        for each in [each.node for each in record.subjects if each.role == made.role]:
            ends = (each, code) if made.forward else (code, each)
            yield Link(ends[0], made.relation, ends[1], parse_rfc3339(record.since))


def _subjects(record: TradeRecord, renamed: Mapping[str, str], standing: set[str]) -> Iterator[Subject]:
    """One that a link still names stays beside its new name."""
    for each in record.subjects:
        name = renamed.get(each.node, each.node)
        if name == each.node or each.node in standing:
            yield each
        if name and name != each.node:
            yield subject(name, each.role or "")
