"""The one Modbus decoder: what a poll's answers mean, by the profile of the instrument.

::

    answer of one point, registers      hi lo            s16, u16, bool
                                        hi lo hi lo      s32, u32, float32, order: big
                                        lo-word hi-word  order: little; each word still high byte first
    coils, discrete inputs              the bit in bit 0 of one byte

A value that cannot be believed becomes a missing reading with its reason: ``sensor_fault`` (an error value,
the fault register), ``not_a_number``, ``out_of_range`` (of the profile's valid_range; a bool that is neither
0 nor 1), or the bus's own word for an answer that is not there. Where the fault register alone gave no
answer, the value stands as suspect: ``fault_unknown``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from drivers.contract import (
    Answer,
    Frame,
    Instant,
    NoAnswer,
    Observation,
    Quality,
    Reading,
    Reason,
    Reject,
    Request,
)
from drivers.modbus.profile import REGISTERS, Fault, Point, Profile, reads_bits

SENSOR_FAULT = "sensor_fault"
FAULT_UNKNOWN = "fault_unknown"
NOT_A_NUMBER = "not_a_number"
OUT_OF_RANGE = "out_of_range"

FLOAT32_DIGITS = 7
"""What a float32 can tell in decimal: 30.56, not 30.559999465942383."""


def _resolve(name: object, info: ValidationInfo) -> Profile:
    """The profile of that name among ``info.context["profiles"]``, which maps names to parsed YAML."""
    known: Mapping[str, Mapping[str, object]] = (info.context or {}).get("profiles", {})
    if not isinstance(name, str) or name not in known:
        raise PydanticCustomError(
            "unknown_profile",
            "there is no profile {name}; known: {known}",
            {"name": str(name), "known": sorted(known)},
        )
    try:
        return Profile.model_validate(known[name])
    except ValidationError as broken:
        first = broken.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PydanticCustomError(
            "broken_profile",
            "the profile {name} does not hold: {where}: {what}",
            {"name": name, "where": where, "what": first["msg"]},
        ) from None


class ModbusOptions(BaseModel):
    """The keys of a Modbus device. Validated with ``context={"profiles": {name: parsed YAML}}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: Annotated[int, Field(ge=1, le=247, description="station number (站号) on the bus")]
    profile: Annotated[
        Profile,
        PlainValidator(_resolve),
        WithJsonSchema(
            {"type": "string", "description": "the instrument's register map, config/profiles/NAME.yaml"}
        ),
    ]
    channel: int | None = Field(
        default=None,
        validate_default=True,
        description="input (通道号) of an instrument that has several, from 1",
    )

    @field_validator("channel")
    @classmethod
    def _channel_exists(cls, channel: int | None, info: ValidationInfo) -> int | None:
        profile: Profile | None = info.data.get("profile")
        if profile is None:
            return channel
        if profile.channels is None:
            if channel is not None:
                raise PydanticCustomError("channel_unused", "this profile has no channels")
            return channel
        count = {"count": profile.channels.count}
        if channel is None:
            raise PydanticCustomError("channel_required", "this profile needs a channel, 1 to {count}", count)
        if not 1 <= channel <= profile.channels.count:
            raise PydanticCustomError(
                "unknown_channel",
                "there is no channel {channel}, only 1 to {count}",
                {**count, "channel": channel},
            )
        return channel


Number: TypeAlias = Callable[[int], float | bool]
"""A raw pattern's value; nan where it is none, inf where a bool is neither 0 nor 1."""

ReadPoint: TypeAlias = Callable[[Sequence[Answer], Instant], Reading]
"""A point, ready to be read from a frame's answers."""


class Modbus:
    """A device on a Modbus bus. max_read: the most registers its instrument answers in one request."""

    options: ClassVar[type[BaseModel]] = ModbusOptions
    claims: ClassVar[tuple[str, ...]] = ("unit", "channel")

    def __init__(self, options: Any) -> None:
        chosen: ModbusOptions = options
        profile = chosen.profile
        self.max_read = profile.max_read
        self._points: list[ReadPoint] = []
        requests: list[Request] = []
        for quantity, point in profile.points.items():
            asked = profile.requests(chosen.unit, point, chosen.channel)
            self._points.append(_reader(quantity, point, profile, len(requests)))
            requests.extend(asked)
        self._requests = tuple(requests)
        self._quantities = tuple(profile.points)

    def quantities(self) -> Sequence[str]:
        """The profile's points."""
        return self._quantities

    def requests(self) -> Sequence[Request]:
        """One for each point, and one more for each fault register."""
        return self._requests

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        """A reading for each point. Raises Reject(LENGTH) if the answers are not those of ``requests()``."""
        answers = frame.answers
        if len(answers) != len(self._requests):
            raise Reject(Reason.LENGTH, f"{len(answers)} answers to {len(self._requests)} requests")
        return [read(answers, at) for read in self._points]


def _missing(at: Instant, quantity: str, reason: str) -> Reading:
    return Reading(at, quantity, None, Quality.MISSING, reason)


def _reader(quantity: str, point: Point, profile: Profile, index: int) -> ReadPoint:
    """Reads a point, whose answer stands at ``index`` and its fault register's behind it.

    A closure, because its constants then cost nothing at each of the many readings a second.
    """
    bits = 1 if reads_bits(point.function or profile.function) else 16 * REGISTERS[point.type]
    swapped = bits == 32 and point.order == "little"
    errors = frozenset(value & (1 << bits) - 1 for value in point.error_values)
    number = _number(point, bits)
    low, high = point.valid_range or (-_LARGEST, _LARGEST)

    def read(answers: Sequence[Answer], at: Instant) -> Reading:
        answer = answers[index]
        if isinstance(answer, NoAnswer):
            return _missing(at, quantity, answer.value)
        pattern = int.from_bytes(answer[2:] + answer[:2] if swapped else answer, "big")
        if pattern in errors:
            return _missing(at, quantity, SENSOR_FAULT)
        value = number(pattern)
        if low <= value <= high:
            return Reading(at, quantity, value)
        return _missing(at, quantity, NOT_A_NUMBER if math.isnan(value) else OUT_OF_RANGE)

    return read if point.fault is None else _heeding_fault(read, point.fault, index + 1)


def _heeding_fault(read: ReadPoint, register: Fault, index: int) -> ReadPoint:
    mask = 0xFFFF if register.bit is None else 1 << register.bit

    def read_unless_faulty(answers: Sequence[Answer], at: Instant) -> Reading:
        reading = read(answers, at)
        fault = answers[index]
        if reading.value is None:
            return reading
        if isinstance(fault, NoAnswer):
            return reading._replace(quality=Quality.SUSPECT, reason=FAULT_UNKNOWN)
        if int.from_bytes(fault, "big") & mask:
            return _missing(at, reading.quantity, SENSOR_FAULT)
        return reading

    return read_unless_faulty


_LARGEST: Final = math.nextafter(math.inf, 0)
"""No instrument means infinity."""


def _number(point: Point, bits: int) -> Number:
    scale = point.scale
    decimals = -int(Decimal(str(scale)).normalize().as_tuple().exponent)
    sign = 1 << (bits - 1)
    match point.type:
        case "bool":
            return _flag if point.bit is None else partial(_bit, 1 << point.bit)
        case "float32":
            return partial(_float32, scale)
        case "s16" | "s32":
            return lambda pattern: round(((pattern ^ sign) - sign) * scale, decimals)
        case _:
            return lambda pattern: round(pattern * scale, decimals)


def _float32(scale: float, pattern: int) -> float:
    (value,) = struct.unpack(">f", pattern.to_bytes(4, "big"))
    return float(f"{value * scale:.{FLOAT32_DIGITS}g}")


def _flag(pattern: int) -> float | bool:
    return pattern == 1 if pattern <= 1 else math.inf


def _bit(mask: int, pattern: int) -> bool:
    return pattern & mask != 0
