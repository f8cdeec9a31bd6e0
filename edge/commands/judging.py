"""Whether a command from above may be carried out. Pure: takes bytes and the time, raises what is wrong.

::

    do/enter   {"id": "4711", "issuer": "platform", "expires": "2026-11-22T03:15:00Z",
                "fact": "recall", "values": {…}}
    do/read    {"id": "4712", "issuer": "platform", "expires": "2026-11-22T03:15:00Z", "device": "air"}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from drivers.contract import NANOSECONDS, Instant
from edge.control import Refused
from edge.instant import parse_rfc3339, rfc3339
from edge.settings.wording import known_at, shown, wording

PAYLOAD_BYTES: Final = 16 * 1024
LASTS_MOST: Final = 24 * 3600 * NANOSECONDS
"""From now to its expiry: for so long its id must be remembered."""

Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class Asked(BaseModel):
    """What every command says."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Label
    issuer: Label
    expires: str


class AskedFact(Asked):
    """`acknowledge`, `trip`: the verb is the kind of fact."""

    values: dict[str, Any] = {}
    at: str | None = None
    reason: str = ""


class AskedEnter(AskedFact):
    """`enter`: as for `tagtrail enter`."""

    fact: str


class AskedRead(Asked):
    """`read`. wait: s."""

    device: str
    wait: Annotated[float, Field(gt=0, le=60)] | None = None


class AskedDiagnose(Asked):
    """`diagnose`. most_bytes: of the answer, so that the broker takes it."""

    most_bytes: Annotated[int, Field(ge=2048, le=256 * 1024)] = 16 * 1024


VERBS: Final[Mapping[str, type[Asked]]] = {
    "enter": AskedEnter,
    "acknowledge": AskedFact,
    "trip": AskedFact,
    "read": AskedRead,
    "diagnose": AskedDiagnose,
}


class Message(NamedTuple):
    """As it came from the broker. verb: the last level of its topic."""

    verb: str
    payload: bytes
    retained: bool = False


class Command(NamedTuple):
    """One that may be carried out. request: for the verb of the control socket that it stands for."""

    id: str
    issuer: str
    expires: Instant
    verb: str
    request: Mapping[str, Any]


def identity(payload: bytes) -> str | None:
    """The command's id for its answer, as far as there is one."""
    try:
        said = orjson.loads(payload) if len(payload) <= PAYLOAD_BYTES else None
    except orjson.JSONDecodeError:
        return None
    found = said.get("id") if isinstance(said, dict) else None
    return found if isinstance(found, str) and len(found) <= 64 else None


def judge(
    message: Message, allowed: Collection[str], now: Instant, *, knows_time: bool, known: Collection[str]
) -> Command:
    """known: ids that were taken before. Raises Refused, with a sentence of the room `commands`."""
    if message.retained:
        raise Refused("commands.retained")
    if len(message.payload) > PAYLOAD_BYTES:
        raise Refused("commands.oversized", bytes=len(message.payload), most=PAYLOAD_BYTES)
    if message.verb not in VERBS:
        raise Refused("commands.unknown_verb", verb=shown(message.verb), known=", ".join(VERBS))
    if message.verb not in allowed:
        raise Refused("commands.not_allowed", verb=message.verb)
    command = _read(message)
    if not knows_time:
        raise Refused("commands.unsynced")
    if command.expires <= now:
        raise Refused("commands.expired", expires=rfc3339(command.expires), now=rfc3339(now))
    if command.expires > now + LASTS_MOST:
        raise Refused("commands.lasts_long", expires=rfc3339(command.expires))
    if command.id in known:
        raise Refused("commands.replayed", id=shown(command.id))
    return command


def _read(message: Message) -> Command:
    """Raises Refused."""
    model = VERBS[message.verb]
    try:
        said = orjson.loads(message.payload)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Refused("commands.no_object")
    try:
        asked = model.model_validate(said)
    except ValidationError as error:
        raise _malformed(model, error) from None
    try:
        expires = parse_rfc3339(asked.expires)
    except ValueError:
        raise Refused("commands.no_expiry", value=shown(asked.expires)) from None
    request = asked.model_dump(exclude={"id", "issuer", "expires"})
    if isinstance(asked, AskedFact):
        request = {"fact": message.verb, **request, "by": asked.issuer}
    return Command(asked.id, asked.issuer, expires, message.verb, request)


def _malformed(model: type[Asked], error: ValidationError) -> Refused:
    first = error.errors()[0]
    way = tuple(first["loc"])
    known = known_at(model, way[:-1] if first["type"] == "extra_forbidden" else way)
    key, values = wording(first, None, known)
    why = {"key": f"settings.{key}", **{name: str(value) for name, value in values.items()}}
    return Refused("commands.malformed", field=shown(".".join(map(str, way))), why=why)
