"""The hold list (管控名单): codes that must not pass, as a platform publishes it (DESIGN §6).

::

    {"v": 1, "issued": "2026-11-22T03:00:00Z", "holds": [
      {"code": {"scheme": "cn-eartag", "value": "362292600000123"},
       "reason": "布病阳性", "until": "2026-12-22T00:00:00Z"},
      {"code": "cn-eartag:3622926", "reason": "疫区"}]}

A ``code`` that is a text is a prefix: every code of the scheme that begins so. Without ``until`` a hold ends
with the list. Members that are not named here are passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from drivers.contract import Instant
from edge.instant import LATEST

MOST_BYTES: Final = 16 << 20
MOST_HOLDS: Final = 100_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Scheme = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{0,30}$")]
_Value = Annotated[str, StringConstraints(min_length=1, max_length=150)]
_Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}:\S{1,150}$")]
_Reason = Annotated[str, StringConstraints(max_length=500)]


class Malformed(ValueError):
    """A message that is no hold list; its text says where it is wrong."""


class Hold(NamedTuple):
    """code: ``scheme:value``, or how such a code begins. until: ns; None: as long as the list has it."""

    code: str
    prefix: bool
    reason: str
    until: Instant | None


class HoldList(NamedTuple):
    """issued: which of two lists is the newer."""

    issued: Instant
    holds: tuple[Hold, ...]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Code(_Part):
    scheme: _Scheme
    value: _Value


class _Held(_Part):
    code: _Code | _Prefix
    reason: _Reason = ""
    until: AwareDatetime | None = None


class _Message(_Part):
    v: Literal[1]
    issued: AwareDatetime
    holds: Annotated[list[_Held], Field(max_length=MOST_HOLDS)]


def read_list(payload: bytes) -> HoldList:
    """Raises Malformed. Of 50,000 holds about a fifth of a second: not for the event loop."""
    if len(payload) > MOST_BYTES:
        raise Malformed(f"{len(payload)} bytes, more than {MOST_BYTES}")
    try:
        message = _Message.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{where}: {first['msg']}" if where else first["msg"]) from None
    issued = _nanoseconds(message.issued)
    if not 0 <= issued <= LATEST:
        raise Malformed(f"issued: {message.issued.isoformat()} is not between 1970 and 2262")
    return HoldList(Instant(issued), tuple(_hold(held) for held in message.holds))


def _hold(held: _Held) -> Hold:
    until = None if held.until is None else _within(held.until)
    if isinstance(held.code, str):
        return Hold(held.code, True, held.reason, until)
    return Hold(f"{held.code.scheme}:{held.code.value}", False, held.reason, until)


def _within(at: datetime) -> Instant:
    """9999-12-31 is written for ever."""
    return Instant(min(max(0, _nanoseconds(at)), LATEST))


def _nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000
