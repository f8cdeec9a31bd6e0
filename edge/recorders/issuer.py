"""Who writes the records, and what every record of the trade is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from drivers.contract import NANOSECONDS, Instant
from edge.instant import rfc3339
from edge.journal.trail import Link
from edge.records.record import Subject, record_id


class Issuer(NamedTuple):
    """gateway, operator: as in every record. site: its name. zone: in which a day begins."""

    gateway: str
    operator: str
    site: str
    zone: ZoneInfo

    def local(self, at: int) -> datetime:
        """The instant as people here read it."""
        return datetime.fromtimestamp(at // NANOSECONDS, self.zone)

    def id(self, kind: str, key: str, since: int) -> str:
        """See ``record_id``."""
        return record_id(self.gateway, kind, key, rfc3339(Instant(since)))


class Past(Protocol):
    """What was before our memory begins; asked once for each animal."""

    def slaughtered(self, node: str) -> bool:
        """Whether a carcass was made of the animal with this tag."""


@lru_cache(maxsize=1024)
def subject(node: str, role: str) -> Subject:
    """A node of the trail as a record names it; not to be changed in place, as several records share it."""
    scheme, _, value = node.partition(":")
    return Subject(scheme=scheme, value=value, role=role)


def receiver_node(receiver: str) -> str:
    """A node has no blanks in it."""
    return receiver if receiver.startswith("gln:") else f"receiver:{'_'.join(receiver.split())}"


def spelt(links: Sequence[Link]) -> list[dict[str, Any]]:
    """Links as a record carries them."""
    return [link._asdict() | {"at": rfc3339(link.at)} for link in links]
