"""What the running gateway alone can tell: its status, the frames it refused, its newest log lines."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from edge import status
from edge.diagnosis.recent import recent
from edge.instant import rfc3339

if TYPE_CHECKING:
    from edge.gateway import Gateway

GIVES_WAY: Final = ("devices", "refused_frames", "uplinks", "ports", "journal", "stored", "alarms")
"""Where there is not room for everything, in this order."""


async def answered(gateway: Gateway, request: Mapping[str, Any]) -> dict[str, Any]:
    """The verb `diagnose`; a command from above says how much its answer may be."""
    return await told(gateway, request.get("most_bytes"))


async def told(gateway: Gateway, most_bytes: int | None = None) -> dict[str, Any]:
    """most_bytes: of its JSON; None: all of it."""
    refused = {
        name: [frame._asdict() | {"t": rfc3339(frame.t)} for frame in state.refused_frames]
        for name, state in gateway.intake.devices.items()
        if state.refused_frames
    }
    facts = await status.entire(gateway) | {"python": platform.python_version(), "refused_frames": refused}
    return {**facts, "log": recent()} if most_bytes is None else within(facts, recent(), most_bytes)


def within(facts: dict[str, Any], log: list[str], most_bytes: int) -> dict[str, Any]:
    """As much as fits: at first whole parts give way, then the older lines of the log.

    left_out: what is not in it.
    """
    told: dict[str, Any] = {**facts, "log": [], "left_out": ["log"]}
    for part in GIVES_WAY:
        if _size(told) <= most_bytes:
            break
        if told.pop(part, None) is not None:
            told["left_out"].append(part)
    room = most_bytes - _size(told)
    kept: list[str] = []
    for line in reversed(log):
        room -= _size(line) + 1
        if room < 0:
            break
        kept.append(line)
    told["log"] = kept[::-1]
    if len(kept) == len(log):
        told["left_out"].remove("log")
    return told


def _size(facts: object) -> int:
    return len(orjson.dumps(facts, option=orjson.OPT_NON_STR_KEYS))
