"""What the probes on a radio have in common: an address, and for some a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, NamedTuple, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from drivers.contract import Decoder, Frame

ADDRESS: Final = "^([0-9A-F]{2}:){5}[0-9A-F]{2}$"


class Kept(Protocol):
    """Where a secret is kept."""

    def reveal(self) -> str:
        """The secret itself."""


def _kept(value: object, info: ValidationInfo) -> Kept:
    """``info.context["secret"]`` says what stands in the file for a secret."""
    keep = (info.context or {}).get("secret")
    if keep is None:
        raise PydanticCustomError("secret_plain", "a secret in the file")
    kept: Kept = keep(value)
    return kept


Secret = Annotated[Any, PlainValidator(_kept), WithJsonSchema({"type": "object", "x-defined": "Secret"})]
"""Read as ``Kept``. How a file keeps secrets, its schema says: ``x-defined`` names the definition there."""


class ProbeOptions(BaseModel):
    """The keys of a Bluetooth probe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[
        str,
        Field(
            pattern=ADDRESS,
            description="Bluetooth address (蓝牙地址), AA:BB:CC:DD:EE:FF",
            examples=["A4:C1:38:00:11:22"],
        ),
    ]

    @property
    def address_bytes(self) -> bytes:
        """Six bytes, as the address is written."""
        return bytes.fromhex(self.address.replace(":", ""))


class SealedProbeOptions(ProbeOptions):
    """The keys of a Bluetooth probe that may seal what it says."""

    key: Annotated[
        Secret | None,
        Field(description="where its key (密钥) is kept, 32 hexadecimal digits; none: it speaks openly"),
    ] = None


@runtime_checkable
class Connected(Decoder, Protocol):
    """A decoder of what is read from a connected probe: its frame has each value as data of a service whose
    UUID is the characteristic's (``drivers/ble/advertisement.py``)."""

    characteristics: ClassVar[tuple[int, ...]]
    """16-bit UUIDs of what it understands."""


class Heard(NamedTuple):
    """A device: its address, its name or "", how strong it was at last, and what it said, each thing once."""

    address: str
    name: str
    rssi_dbm: int
    frames: Sequence[Frame]
