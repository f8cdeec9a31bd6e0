"""更正: a person puts a record right, in a further revision with its reason (the fact ``correct``).

::

    storage, slaughter … ──record──▶ amended ──record──▶ journal
                                        ▲
    correct ──▶ Corrections ────────────┘   what was put right stays right in every later revision

A recorder whose record goes on knows nothing of corrections: what it derives later passes ``amended``, where
the corrected fields are laid over it and the revision is counted on. So there is one place that gives out the
numbers, and what is derived while a person's word is on its way is what that word puts right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from pydantic import ValidationError

from drivers.contract import NANOSECONDS, Instant, Observation
from edge.journal.trail import Newest
from edge.recorders.contract import Derived, Fact, Output, Unfit
from edge.recorders.leading import led_to
from edge.recorders.memory import Memory, Table
from edge.recorders.origins import said
from edge.recorders.seldom import Seldom
from edge.records.kinds import TRADE
from edge.records.record import TradeRecord
from edge.restamping import Restamping
from edge.settings.wording import known_at

REMEMBERED: Final = 400 * 86_400 * NANOSECONDS
"""No recorder goes on with a record for longer."""

PARTS: Final = ("basic", "extended")
"""Of a record, what a person may put right; what a sensor gave stands beside it in the earlier revision."""


@dataclass(slots=True)
class Corrected:
    """A row: what was put right in a record. values, source: by path. revision: the last that was told."""

    at: int
    revision: int
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    source: dict[str, dict[str, Any]] = field(default_factory=dict)


class Corrections:
    """found: the newest revision of the record that is being put right, by its id, laid there by who carries
    the word; None: it is being looked for."""

    name = "corrections"
    hears: frozenset[str] = frozenset()
    takes = frozenset({"correct"})

    def __init__(self, found: MutableMapping[str, Newest | None]) -> None:
        self._found = found
        self._corrected = Table("corrected", Corrected)
        self.memory = Memory(self._corrected)
        self._tidied = Seldom()

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        """Hears nothing."""
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        """Forgets what was put right long ago."""
        for record, row in self._corrected.items() if self._tidied.is_due(at) else ():
            if at - row.at > REMEMBERED:
                self._corrected.drop(record)
        return ()

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Raises Unfit: no such record or field, a value that cannot be, or that is so already."""
        record_id, path, value = (fact.values.get(name) for name in ("record", "field", "value"))
        found = self._found.get(str(record_id))
        if found is None:
            raise Unfit("no_record", record=record_id)
        model = TRADE.get(found.body["kind"])
        if model is None:
            raise Unfit("not_corrected", kind=found.body["kind"], known=", ".join(TRADE))
        record = _with(model, found.body, str(path), value)
        if record.body() == model.model_validate(found.body).body():
            raise Unfit("nothing_to_correct", field=path, value=value)
        row = self._corrected.get(record.id) or Corrected(fact.entered, record.revision)
        row.reason, row.values[str(path)] = fact.reason, value
        row.source[str(path)] = said(fact).model_dump(exclude_none=True)
        self._corrected.put(record.id, row)
        right = Derived(record.model_copy(update={"revision": record.revision + 1}), found.links, found.nodes)
        return [led_to(right, str(path), found.body, value)]

    def stamped_again(self, found: Newest, again: Restamping, at: Instant) -> Derived:
        """A further revision of a record that was sealed with wrong stamps; those to come count on."""
        body = orjson.loads(again.json(orjson.dumps(found.body)))
        record = TRADE[body["kind"]].model_validate(body)
        if record.id not in self._corrected:
            self._corrected.put(record.id, Corrected(at, record.revision))
        links = tuple(link._replace(at=again.instant(link.at)) for link in found.links)
        return Derived(record.model_copy(update={"revision": record.revision + 1}), links, found.nodes)

    def amended(self, derived: Derived) -> Derived:
        """What a recorder derived, with what people put right in that record laid over it."""
        derived = self._laid_over(derived)
        record = derived.record
        if record.id in self._found and isinstance(record, TradeRecord):
            subjects = tuple(each.node for each in record.subjects)
            self._found[record.id] = Newest(record.body(), derived.nodes + subjects, derived.links)
        return derived

    def _laid_over(self, derived: Derived) -> Derived:
        row = self._corrected.get(derived.record.id)
        if row is None or not isinstance(derived.record, TradeRecord):
            return derived
        body = derived.record.body()
        for path, value in row.values.items():
            with suppress(KeyError, IndexError):  # a movement, a stop that the later revision no longer lists
                led = led_to(derived, path, body, value)
                _put(body, path, value)
                derived, body = led, body | {name: led.record.body()[name] for name in ("subjects", "links")}
        row.revision = max(row.revision + 1, derived.record.revision)
        body |= {
            "revision": row.revision,
            "reason": row.reason or None,
            "source": body["source"] | row.source,
        }
        self._corrected.put(derived.record.id, row)
        return derived._replace(record=type(derived.record).model_validate(body))


def _with(model: type[TradeRecord], body: Mapping[str, Any], path: str, value: object) -> TradeRecord:
    """The record with this value at this place. Raises Unfit."""
    changed = deepcopy(dict(body))
    *way, last = path.split(".")
    known = known_at(model, tuple(way)) if way and way[0] in PARTS else list(PARTS)
    if not way or way[0] not in PARTS or last not in known:
        raise Unfit("no_field", kind=changed["kind"], field=path, known=", ".join(known) or "-")
    try:
        _put(changed, path, value)
        return model.model_validate(changed)
    except ValidationError as error:
        raise Unfit("wrong_value", field=path, value=value, why=error.errors()[0]["msg"]) from None
    except (KeyError, IndexError, ValueError):
        raise Unfit("no_field", kind=changed["kind"], field=path, known=", ".join(known)) from None


def _put(body: dict[str, Any], path: str, value: object) -> None:
    """Raises KeyError, IndexError, ValueError where the way there is none."""
    *way, last = path.split(".")
    place: Any = body
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
