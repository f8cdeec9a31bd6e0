"""What a YAML profile says of an instrument: which registers mean what (``config/profiles/*.yaml``).

::

    documented_as: vendor manual, p. 4
    factory: {unit: 1, serial: 9600 8N1}
    function: 4
    points:
      temperature: {address: 1, type: s16, scale: 0.1, valid_range: [-40, 60]}

An address is zero-based, as sent on the wire, unless the profile says ``one_based: true`` because its manual
counts from 1: the number in the file can then be compared with the printed page.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivers.contract import Request

MAX_REGISTERS = 125
"""In one request (Modbus Application Protocol V1.1b3, 6.3)."""

Function: TypeAlias = Literal[1, 2, 3, 4]
"""1 coils, 2 discrete inputs, 3 holding registers, 4 input registers."""

Type: TypeAlias = Literal["s16", "u16", "s32", "u32", "float32", "bool"]

REGISTERS: dict[Type, int] = {"s16": 1, "u16": 1, "bool": 1, "s32": 2, "u32": 2, "float32": 2}
"""How many registers a value takes; in coils and discrete inputs a bool takes one bit."""

Address: TypeAlias = Annotated[int, Field(ge=0, le=0xFFFF)]
QuantityName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]


def reads_bits(function: int) -> bool:
    """Whether the function answers with single bits instead of registers."""
    return function in (1, 2)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(_Part):
    """Where the instrument says that a point's sensor has failed: the register, or its one bit, is not 0."""

    address: Address
    function: Function | None = None
    bit: Annotated[int, Field(ge=0, le=15)] | None = None


class Point(_Part):
    """One quantity.

    function: the profile's where it is left out. order: of the two words of a 32-bit value. scale: what the
    raw number is multiplied by. bit: of a bool that shares its register. error_values: raw, as the manual
    prints them (0x8000 or -11000). valid_range: lowest and highest value the instrument can mean, in the
    quantity's unit.
    """

    address: Address
    type: Type
    function: Function | None = None
    order: Literal["big", "little"] = "big"
    scale: Annotated[float, Field(gt=0)] = 1.0
    bit: Annotated[int, Field(ge=0, le=15)] | None = None
    error_values: tuple[int, ...] = ()
    valid_range: tuple[float, float] | None = None
    fault: Fault | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.bit is not None and self.type != "bool":
            raise ValueError("bit is for type: bool alone")
        if self.type == "bool" and (self.scale != 1.0 or self.valid_range is not None):
            raise ValueError("a bool has neither scale nor valid_range")
        if self.valid_range is not None and self.valid_range[0] >= self.valid_range[1]:
            raise ValueError("valid_range is [lowest, highest]")
        return self


class Channels(_Part):
    """Inputs that are read alike. Channel n of a point stands at address + (n - 1) * stride."""

    count: Annotated[int, Field(ge=2, le=247)]
    stride: Annotated[int, Field(ge=1)] = 1


class Factory(_Part):
    """How the instrument leaves the factory: what to expect when one is commissioned."""

    unit: Annotated[int, Field(ge=1, le=247)]
    serial: Annotated[str, Field(pattern=r"^\d+ [78][NEO][12]$")]


class Profile(_Part):
    """A kind of instrument. points: by quantity. max_read: the most it answers in one request."""

    documented_as: Annotated[str, Field(min_length=1)]
    points: Annotated[dict[QuantityName, Point], Field(min_length=1)]
    function: Function = 3
    one_based: bool = False
    max_read: Annotated[int, Field(ge=1, le=MAX_REGISTERS)] = MAX_REGISTERS
    channels: Channels | None = None
    factory: Factory | None = None

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        for quantity, point in self.points.items():
            if reads_bits(point.function or self.function) and (
                point.type != "bool" or point.bit is not None
            ):
                raise ValueError(f"{quantity}: functions 1 and 2 read single bits: type: bool, without bit")
            fault = point.fault
            if fault is not None and reads_bits(fault.function or self.function) and fault.bit is not None:
                raise ValueError(f"{quantity}: functions 1 and 2 read single bits: its fault is without bit")
            if self.channels is not None and fault is not None:
                raise ValueError(f"{quantity}: a profile with channels cannot name a fault register")
            for channel in (1, self.channels.count) if self.channels else (None,):
                for request in self.requests(1, point, channel):
                    if not 0 <= request.address <= 0x10000 - request.length:
                        raise ValueError(f"{quantity}: address {request.address} does not exist")
                    if request.length > self.max_read:
                        raise ValueError(f"{quantity}: takes more registers than max_read")
        return self

    def requests(self, unit: int, point: Point, channel: int | None) -> tuple[Request, ...]:
        """What to ask for a point: its registers, then its fault register if it has one."""
        first = int(self.one_based)
        function = point.function or self.function
        address = point.address - first
        if self.channels is not None and channel is not None:
            address += (channel - 1) * self.channels.stride
        length = 1 if reads_bits(function) else REGISTERS[point.type]
        asked = Request(unit, function, address, length)
        if point.fault is None:
            return (asked,)
        return asked, Request(unit, point.fault.function or self.function, point.fault.address - first, 1)
