"""A stand-in until the radio comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from drivers.contract import Device, Emit, Now, Open, Port


class Radio:
    """Hears nothing yet."""

    mixes: ClassVar[bool] = True

    def __init__(self, port: Port, open_link: Open, devices: Sequence[Device], now: Now) -> None: ...

    async def run(self, emit: Emit) -> None: ...

    def ask(self, device: str) -> None: ...

    def counters(self) -> dict[str, int | float]:
        return {}
