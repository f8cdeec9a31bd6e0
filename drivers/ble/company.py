"""Families that use the two bytes of the company id for their own values.

What BlueZ knows of such a device has an entry for each value it has ever said, and nothing tells the newest::

    C208 0400 0029 …     was said an hour ago
    C2EE 0029 22 …       was said now
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drivers.ble.advertisement import Advertisement
from drivers.contract import Reason, Reject


def whole(said: Advertisement) -> Sequence[bytes]:
    """The manufacturer data with the two bytes of their company before them, as they stood on the air."""
    return [company.to_bytes(2, "little") + data for company, data in said.manufacturer.items()]


def the_one(candidates: Iterable[bytes]) -> bytes:
    """Raises Reject: ``not_mine`` where there is none, ``replay`` where several disagree, as all but one are
    old."""
    different = set(candidates)
    if not different:
        raise Reject(Reason.NOT_MINE, "nothing of this family's form")
    if len(different) > 1:
        raise Reject(Reason.REPLAY, f"{len(different)} values at once, and nothing tells the newest")
    return different.pop()
