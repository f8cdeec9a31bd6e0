"""Any Bluetooth probe that says its values openly, described in the settings file by where they stand.

::

    cold-room-2-air:
      driver: beacon
      port: radio
      address: "DD:34:02:06:D0:6C"
      company: 0x0059
      length: 6
      starts: "0102"
      points:
        temperature: {offset: 2, type: s16, order: big, scale: 0.01, error_values: [0x8000]}
        humidity: {offset: 4, type: u8, valid_range: [0, 100]}
        battery_low: {offset: 5, type: bool, bit: 7}

Its data is that of one company (manufacturer data) or of one service (service data), without the id itself;
offset 0 is the first byte behind it. ``length`` and ``starts`` tell its frames with values from its others:
where they do not hold, nothing is read.

value = number · scale + add, in the unit of the quantity. A number among ``error_values``, as the manual
prints them, is a gap ``sensor_fault``; a float that is none is ``not_a_number``; beyond ``valid_range``, or a
bool without bit that is neither 0 nor 1, is ``out_of_range``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from drivers.ble.advertisement import parse, short_uuid
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import OUT_OF_RANGE, Span, hold_length, missing, within
from drivers.contract import Frame, Instant, Reading, Reason, Reject

NOT_A_NUMBER: Final = "not_a_number"

LONGEST: Final = 254
"""Bytes that one structure can hold (Core Specification Supplement, part A)."""

FLOAT32_DIGITS: Final = 7
"""What a float32 can tell in decimal."""

Type: TypeAlias = Literal["u8", "s8", "u16", "s16", "u24", "s24", "u32", "s32", "float32", "bool"]

BYTES: Final[dict[Type, int]] = {
    **{"u8": 1, "s8": 1, "u16": 2, "s16": 2, "u24": 3, "s24": 3},
    **{"u32": 4, "s32": 4, "float32": 4, "bool": 1},
}

_ALL: Final = Span(-math.nextafter(math.inf, 0), math.nextafter(math.inf, 0))
"""No instrument means infinity."""


class Point(BaseModel):
    """One quantity: where it stands and what its number means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset: int = Field(ge=0, lt=LONGEST, description="Bytes before it. · 偏移（字节）")
    type: Type = Field(description="How its bytes are read; bool takes one byte. · 数据类型")
    order: Literal["big", "little"] = Field("little", description="Which byte stands first. · 字节序")
    scale: float = Field(1.0, description="What the number is multiplied by. · 倍率")
    add: float = Field(0.0, description="What is added then. · 加数")
    bit: Annotated[int, Field(ge=0, le=7)] | None = Field(
        None, description="Of a bool that shares its byte: which bit. · 位"
    )
    error_values: tuple[int, ...] = Field(
        (), description="Numbers that mean a fault, as the manual prints them. · 故障值"
    )
    valid_range: tuple[float, float] | None = Field(
        None, description="Lowest and highest value it can mean, in the quantity's unit. · 有效范围"
    )

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.bit is not None and self.type != "bool":
            raise PydanticCustomError("bit_alone", "bit is for bool", {"at": "bit"})
        if self.scale == 0:
            raise PydanticCustomError("scale_zero", "scale is 0", {"at": "scale"})
        for key in ("scale", "add", "valid_range"):
            if self.type == "bool" and key in self.model_fields_set:
                raise PydanticCustomError("bool_bare", "a bool has none", {"name": key, "at": key})
        if self.valid_range is not None and self.valid_range[0] >= self.valid_range[1]:
            raise PydanticCustomError("range_order", "[lowest, highest]", {"at": "valid_range"})
        return self

    @property
    def end(self) -> int:
        """The offset of the first byte behind it."""
        return self.offset + BYTES[self.type]


def _service(value: object) -> int:
    """A UUID by its number of 16 bits, or as a text of 16 or 128."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFF:
        return value
    if isinstance(value, str):
        digits = value.replace("-", "")
        if len(digits) in (4, 32) and all(digit in "0123456789abcdefABCDEF" for digit in digits):
            return short_uuid(int(digits, 16))
    raise PydanticCustomError("service_uuid", "no UUID")


class BeaconOptions(ProbeOptions):
    """The keys of a Bluetooth probe that is described."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "address": "DD:34:02:06:D0:6C",
                    "company": 0x0059,
                    "points": {"temperature": {"offset": 2, "type": "s16", "scale": 0.01}},
                }
            ]
        }
    )

    company: Annotated[int, Field(ge=0, le=0xFFFF)] | None = Field(
        None, description="Of manufacturer data: the company's id, such as 0x0059. · 公司标识"
    )
    service: Annotated[
        int | None,
        PlainValidator(_service),
        WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 65535}, {"type": "string"}]}),
    ] = Field(None, description="Of service data: its UUID, such as 0x181A, or all 32 digits. · 服务 UUID")
    length: int | None = Field(
        None, ge=1, le=LONGEST, description="Bytes of its data; others are refused. · 数据长度"
    )
    starts: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2})+$")] | None = Field(
        None, description="How its data begins, in hexadecimal digits. · 数据开头（十六进制）"
    )
    points: Annotated[dict[str, Point], Field(min_length=1)] = Field(
        description="What it measures, by quantity. · 测点"
    )

    @field_validator("points")
    @classmethod
    def _within_length(cls, points: dict[str, Point], info: ValidationInfo) -> dict[str, Point]:
        length = info.data.get("length") or LONGEST
        for quantity, point in points.items():
            if point.end > length:
                raise PydanticCustomError(
                    "beyond_length", "too far", {"at": quantity, "end": point.end, "length": length}
                )
        return points

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.company is None) == (self.service is None):
            raise PydanticCustomError("one_kind", "kinds", {"kinds": ["company", "service"]})
        return self


class Beacon:
    """A probe by its description."""

    options: ClassVar[type[BaseModel]] = BeaconOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: Any) -> None:
        chosen: BeaconOptions = options
        self._chosen = chosen
        self._starts = bytes.fromhex(chosen.starts or "")
        self._least = max(point.end for point in chosen.points.values())

    def quantities(self) -> Sequence[str]:
        """Those of its points."""
        return tuple(self._chosen.points)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """A reading of each point. Raises Reject: ``not_mine``, ``length``."""
        data = self._data(frame)
        if data is None or not data.startswith(self._starts):
            raise Reject(Reason.NOT_MINE, "not the data that is described")
        if self._chosen.length is not None:
            hold_length(data, self._chosen.length)
        if len(data) < self._least:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes, its points take {self._least}")
        return [_read(quantity, point, data, at) for quantity, point in self._chosen.points.items()]

    def _data(self, frame: Frame) -> bytes | None:
        said = parse(frame.data)
        company, service = self._chosen.company, self._chosen.service
        if company is not None:
            return said.manufacturer.get(company)
        return None if service is None else said.service.get(service)


def _read(quantity: str, point: Point, data: bytes, at: Instant) -> Reading:
    value = data[point.offset : point.end]
    pattern = int.from_bytes(value, point.order)
    if pattern in {error & (1 << 8 * len(value)) - 1 for error in point.error_values}:
        return missing(at, quantity)
    if point.type == "bool":
        return _state(quantity, point, pattern, at)
    number = _number(point, value)
    if math.isnan(number):
        return missing(at, quantity, NOT_A_NUMBER)
    return within(at, quantity, number, Span(*point.valid_range) if point.valid_range else _ALL)


def _state(quantity: str, point: Point, pattern: int, at: Instant) -> Reading:
    if point.bit is not None:
        return Reading(at, quantity, bool(pattern >> point.bit & 1))
    return Reading(at, quantity, pattern == 1) if pattern <= 1 else missing(at, quantity, OUT_OF_RANGE)


def _number(point: Point, value: bytes) -> float:
    if point.type == "float32":
        (number,) = struct.unpack("<f" if point.order == "little" else ">f", value)
        return float(f"{number * point.scale + point.add:.{FLOAT32_DIGITS}g}")
    whole = int.from_bytes(value, point.order, signed=point.type.startswith("s"))
    return round(whole * point.scale + point.add, max(_decimals(point.scale), _decimals(point.add)))


def _decimals(factor: float) -> int:
    return max(0, -int(Decimal(str(factor)).normalize().as_tuple().exponent))
