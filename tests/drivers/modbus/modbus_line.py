"""A Modbus line for tests: a clock that jumps, a wire in memory, frames built apart from the tested code."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from drivers.contract import Device, Frame, Instant, LinkDown, Observation, Port, Reading, Reject
from drivers.modbus.decoder import Modbus, ModbusOptions

PROFILES: dict[str, dict[str, object]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (Path(__file__).parents[3] / "config" / "profiles").glob("*.yaml")
}

SERIAL = Port("probes", "serial", timeout_s=0.3, baud=9600)
TCP = Port("panel", "tcp", timeout_s=0.3)
RTU_OVER_TCP = Port("remote", "tcp", timeout_s=0.3, baud=9600, framing="rtu")

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing will ever happen again")
            self.now += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """Time passes only where everybody waits for it: ten minutes take seconds, and always go alike."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def in_jumping_time(scene: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(scene())


def loop_now() -> Instant:
    return Instant(int(asyncio.get_running_loop().time() * 1e9))


def crc(body: bytes) -> bytes:
    """``body`` with its CRC, bit by bit as the standard draws it."""
    register = 0xFFFF
    for byte in body:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return body + register.to_bytes(2, "little")


def registers_reply(unit: int, function: int, values: Iterable[int]) -> bytes:
    data = b"".join((value & 0xFFFF).to_bytes(2, "big") for value in values)
    return crc(bytes((unit, function, len(data))) + data)


Chunks = Iterable[tuple[float, bytes]]
"""(seconds after the request, bytes)."""


class MemoryLink:
    """A wire in memory: ``answer`` says what comes back to what is written, and when."""

    def __init__(self, answer: Callable[[bytes], Chunks]) -> None:
        self._answer = answer
        self._arrived: asyncio.Queue[bytes | LinkDown] = asyncio.Queue()
        self.written: list[bytes] = []
        self.written_at: list[float] = []
        self.closed = False

    async def read(self) -> bytes:
        data = await self._arrived.get()
        if isinstance(data, LinkDown):
            raise data
        return data

    def rest(self, seconds: float) -> None: ...

    async def write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.written.append(data)
        self.written_at.append(loop.time())
        for delay_s, chunk in self._answer(data):
            loop.call_later(delay_s, self.arrive, chunk)

    def arrive(self, data: bytes) -> None:
        self._arrived.put_nowait(data)

    def cut(self) -> None:
        self._arrived.put_nowait(LinkDown("unplugged"))

    def close(self) -> None:
        self.closed = True


@dataclass
class Heard:
    """An Emit that remembers."""

    observations: list[tuple[str, Observation]] = field(default_factory=list)
    frames: list[tuple[str, Frame]] = field(default_factory=list)
    refused: list[tuple[str, Reject]] = field(default_factory=list)

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        self.observations += [(device, observation) for observation in observations]
        self.frames.append((device, frame))

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        self.refused.append((device, reject))

    def readings(self, device: str) -> list[Reading]:
        return [seen for name, seen in self.observations if name == device and isinstance(seen, Reading)]

    def values(self, device: str) -> list[tuple[str, object]]:
        """(quantity, value or the reason why there is none)."""
        return [(r.quantity, r.reason if r.value is None else r.value) for r in self.readings(device)]


def decoder(profile: str | dict[str, object], unit: int = 1, channel: int | None = None) -> Modbus:
    """Of a profile in config/profiles, or of one given as its YAML says it."""
    known: Mapping[str, Mapping[str, object]] = PROFILES if isinstance(profile, str) else {"test": profile}
    name = profile if isinstance(profile, str) else "test"
    given: dict[str, object] = {"unit": unit, "profile": name}
    if channel is not None:
        given["channel"] = channel
    return Modbus(ModbusOptions.model_validate(given, context={"profiles": known}))


def probe(unit: int = 1, every_s: float = 1.0, name: str = "") -> Device:
    """An XY-MD02."""
    return Device(name or f"probe-{unit}", decoder("xy-md02", unit), every_s)
