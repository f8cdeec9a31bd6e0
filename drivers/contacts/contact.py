"""A contact: a door, an ignition, the mains, a defrost, as one state that is true or false.

::

    on a chip        the line's level           0 low, 1 high
    on a Modbus bus  function 02, input         the bit in bit 0 of one byte, 1 is high
                     function 01, coil

    door:     {driver: contact, port: contacts, line: 17, open: high, bias: pull-up}
    ignition: {driver: contact, port: contacts, line: 27, open: low, quantity: ignition}
    gate:     {driver: contact, port: probes, unit: 20, input: 0}

A contact is journalled when it changes, at once, and unchanged at its cadence. A change counts once it has
stood for ``debounce``. On a chip the kernel sees to this and stamps the edge; on a bus the contact is asked
twice a second, whatever its cadence, two looks must agree, and the instant is that of the first.

Addresses are zero-based, as sent on the wire: input 10001 of a manual is 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal, Protocol, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from drivers.contract import (
    Frame,
    Instant,
    NoAnswer,
    PortKind,
    Quality,
    Reading,
    Reason,
    Reject,
    Request,
)
from drivers.modbus.profile import MAX_REGISTERS, Address

COILS: Final = 1
DISCRETE_INPUTS: Final = 2

WHICH: Final = ("line", "input", "coil")

ON_A_CHIP: Final[tuple[PortKind, ...]] = ("gpio",)
ON_A_BUS: Final[tuple[PortKind, ...]] = ("serial", "tcp")

SHORTEST, LONGEST = "0ms", "10s"
"""Of ``debounce``."""


class Measured(Protocol):
    """Reads a duration as people write it; seconds. Raises PydanticCustomError."""

    def __call__(self, written: object, low: str, high: str) -> float: ...


def _seconds(written: object, info: ValidationInfo) -> float:
    """``info.context["duration"]`` knows how people write it."""
    measured: Measured = (info.context or {})["duration"]
    return measured(written, SHORTEST, LONGEST)


class ContactOptions(BaseModel):
    """The keys of a contact. Validated with ``context={"duration": Measured}``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"oneOf": [{"required": [key]} for key in WHICH], "examples": [{"line": 17}]},
    )

    line: Annotated[int, Field(ge=0, le=1023)] | None = Field(
        None, description="Line of a GPIO chip, from 0. · GPIO 线号"
    )
    unit: Annotated[int, Field(ge=1, le=247)] | None = Field(
        None, description="Station number on a Modbus bus. · 站号"
    )
    input: Address | None = Field(
        None,
        description="Discrete input (function 02) of the unit, zero-based as sent. · 离散输入地址",
    )
    coil: Address | None = Field(
        None, description="Coil (function 01) of the unit, zero-based as sent. · 线圈地址"
    )
    open: Literal["high", "low"] = Field(
        "high", description="Level that means open, or on; of a bit, high is 1. · 表示“开”的电平"
    )
    quantity: Literal["open", "door", "ignition", "mains", "defrost", "alarm", "motion"] = Field(
        "open", description="What it tells. · 测量量"
    )
    debounce_s: Annotated[
        float,
        PlainValidator(_seconds),
        WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(?:\.[0-9]+)?(ms|s|min|h|d|y)$"}),
    ] = Field(
        0.05,
        alias="debounce",
        json_schema_extra={"default": "50ms"},
        description="How long a change must stand to count, up to 10s. · 消抖时间",
    )
    bias: Literal["pull-up", "pull-down", "as-is"] = Field(
        "as-is", description="The line's resistor; a switch to ground needs pull-up. · 上拉/下拉"
    )

    @model_validator(mode="after")
    def _one_contact(self) -> Self:
        given = [key for key in WHICH if getattr(self, key) is not None]
        if len(given) != 1:
            raise PydanticCustomError("one_kind", "kinds", {"kinds": list(WHICH)})
        if given != ["line"] and self.unit is None:
            raise PydanticCustomError("needs", "no unit", {"at": given[0], "name": given[0], "other": "unit"})
        return self


class Contact:
    """One state. max_read: the most bits it asks for in one request."""

    options: ClassVar[type[BaseModel]] = ContactOptions
    claims: ClassVar[tuple[str, ...]] = ("unit", *WHICH)
    belongs: ClassVar[Mapping[str, Collection[PortKind]]] = {
        **dict.fromkeys(("line", "bias"), ON_A_CHIP),
        **dict.fromkeys(("input", "coil", "unit"), ON_A_BUS),
    }
    max_read: ClassVar[int] = MAX_REGISTERS

    def __init__(self, options: Any) -> None:
        chosen: ContactOptions = options
        self.line = chosen.line
        self.bias = chosen.bias
        self.settle_s = chosen.debounce_s
        self._quantity = chosen.quantity
        self._true = int(chosen.open == "high")
        self._requests = _requests(chosen)

    def quantities(self) -> Sequence[str]:
        """What the settings call it."""
        return (self._quantity,)

    def requests(self) -> Sequence[Request]:
        """Its bit; none on a chip."""
        return self._requests

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """The state. Raises Reject(LENGTH) without the one level, RANGE where it is neither 0 nor 1."""
        if len(frame.answers) != 1:
            raise Reject(Reason.LENGTH, f"{len(frame.answers)} levels of one contact")
        (answer,) = frame.answers
        if isinstance(answer, NoAnswer):
            return (Reading(at, self._quantity, None, Quality.MISSING, answer.value),)
        if answer not in (b"\x00", b"\x01"):
            raise Reject(Reason.RANGE, f"{answer.hex()} is no level of a contact")
        return (Reading(at, self._quantity, answer[0] == self._true),)


def _requests(options: ContactOptions) -> tuple[Request, ...]:
    for function, address in ((DISCRETE_INPUTS, options.input), (COILS, options.coil)):
        if address is not None and options.unit is not None:
            return (Request(options.unit, function, address, 1),)
    return ()
