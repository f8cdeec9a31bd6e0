"""An advertisement, and what a filter of BlueZ's advertisement monitors sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

FLAGS, ALL_UUIDS, SERVICE_DATA, MANUFACTURER = 0x01, 0x03, 0x16, 0xFF
"""Types of advertising data (Assigned Numbers, 2.3): flags, 16-bit UUIDs, data of a service, of a maker."""

GENERAL_LE_ONLY = 0x06
"""Flags: generally discoverable, no classic Bluetooth."""


class Pattern(NamedTuple):
    """Advertising data of this type has these bytes at this place."""

    start: int
    type: int
    content: bytes


@dataclass(frozen=True)
class Advert:
    """manufacturer: data by company. services: data by 16-bit UUID. uuids: services that are only named.

    name: in the answer to an active scan, so that no pattern can meet it.
    """

    address: str
    manufacturer: Mapping[int, bytes] = field(default_factory=dict)
    services: Mapping[int, bytes] = field(default_factory=dict)
    uuids: tuple[int, ...] = ()
    name: str | None = None

    @property
    def random(self) -> bool:
        """Whether the address is a random one: of a static one the two highest bits are set."""
        return int(self.address[:2], 16) >= 0xC0

    @cached_property
    def structures(self) -> tuple[tuple[int, bytes], ...]:
        """Its advertising data: types and contents."""
        structures = [(FLAGS, bytes((GENERAL_LE_ONLY,)))]
        if self.uuids:
            structures.append((ALL_UUIDS, b"".join(uuid.to_bytes(2, "little") for uuid in self.uuids)))
        structures += [
            (SERVICE_DATA, uuid.to_bytes(2, "little") + data) for uuid, data in self.services.items()
        ]
        structures += [
            (MANUFACTURER, of.to_bytes(2, "little") + data) for of, data in self.manufacturer.items()
        ]
        return tuple(structures)

    def matches(self, pattern: Pattern) -> bool:
        """Whether a monitor with this pattern reports it."""
        end = pattern.start + len(pattern.content)
        return any(
            type_ == pattern.type and data[pattern.start : end] == pattern.content
            for type_, data in self.structures
        )
