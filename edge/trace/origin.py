"""What an ear tag's number says of the animal: its kind, and the county that issued the tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from edge.codes import ear_tag
from edge.codes.divisions import division
from edge.journal.presence import ANIMALS


def animals(nodes: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Those among the nodes."""
    for node in nodes:
        if not node.startswith(ANIMALS):
            continue
        scheme, _, value = node.partition(":")
        yield {"code": node, **_read(scheme, value)}


def _read(scheme: str, value: str) -> dict[str, Any]:
    try:
        tag = ear_tag.ear_tag(value) if scheme == ear_tag.SCHEME else None
    except ear_tag.NotAnEarTag:
        tag = None
    if tag is None:
        return {}
    county = division(tag.county)
    named = {} if county is None else {"name": county.full_name}
    return {"species": tag.species, "county": {"code": tag.county, **named}}
