"""The contract between the devices and the edge.

Few *sources* do I/O, many *decoders* do none::

    link ──bytes──▶ splitter ──Frame──▶ Decoder.decode ──Observation──▶ Emit

A source owns a port and the devices on it; a decoder belongs to one device and is pure: bytes and a time
in, observations out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Literal, NamedTuple, NewType, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel, ConfigDict

Instant = NewType("Instant", int)
"""Nanoseconds since 1970-01-01T00:00:00Z."""

NANOSECONDS = 1_000_000_000
"""In one second."""

Now: TypeAlias = Callable[[], Instant]
"""The gateway's clock, as a source sees it."""


class Quality(StrEnum):
    """How far a reading may be trusted."""

    GOOD = "good"
    SUSPECT = "suspect"
    MISSING = "missing"


class Reading(NamedTuple):
    """One quantity of a device at one instant.

    The unit follows from the quantity (``temperature`` is always in Cel, see ``edge/quantities.py``).
    ``value`` is None exactly when ``quality`` is MISSING; ``reason`` says why a reading is not GOOD: a short
    word such as ``sensor_fault``, ``out_of_range``, ``no_answer``.
    """

    at: Instant
    quantity: str
    value: float | bool | None
    quality: Quality = Quality.GOOD
    reason: str = ""


class Code(NamedTuple):
    """An identifier and the scheme that gives it meaning; leading zeros are part of it."""

    scheme: str
    value: str


class Sighting(NamedTuple):
    """An identifier was seen."""

    at: Instant
    code: Code


class Fix(NamedTuple):
    """A position. WGS 84 degrees, north and east positive.

    speed in m/s, course in degrees clockwise from true north, altitude in m above mean sea level.
    ``utc`` is the receiver's own time, an offer to the gateway's clock; None where the receiver gave no date.
    """

    at: Instant
    lat: float
    lon: float
    speed: float | None = None
    course: float | None = None
    altitude: float | None = None
    satellites: int | None = None
    hdop: float | None = None
    utc: Instant | None = None


Observation: TypeAlias = Reading | Sighting | Fix


class Reason(StrEnum):
    """Why a frame was refused; each is counted per device. DEFECT: not the frame is wrong, but our code."""

    LENGTH = "length"
    CHECKSUM = "checksum"
    NOT_MINE = "not_mine"
    SENTINEL = "sentinel"
    RANGE = "range"
    REPLAY = "replay"
    DEFECT = "defect"


class TagtrailError(Exception):
    """Root of the project's own errors (DESIGN §10)."""


class Reject(TagtrailError):
    """This frame means nothing that can be trusted."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class LinkDown(TagtrailError):
    """The wire, socket or radio is gone; the supervisor opens it anew."""


class NobodyAnswers(LinkDown):
    """The link stands, but nothing has come over it for so long that its far end may be gone unsaid."""


class Request(NamedTuple):
    """What a bus asks of a unit: the smallest piece that makes sense alone (one point's registers).

    function: the Modbus function code. address: zero-based, as sent on the wire. length: registers or bits.
    """

    unit: int
    function: int
    address: int
    length: int


class NoAnswer(StrEnum):
    """Why a request has no payload."""

    SILENT = "no_answer"
    REFUSED = "refused"
    ILLEGAL_ADDRESS = "illegal_address"
    BUSY = "busy"


Answer: TypeAlias = bytes | NoAnswer
"""The payload of one request's reply (registers: big-endian words as on the wire), or why there is none."""


class Frame(NamedTuple):
    """One complete message off a wire; one poll's replies together; one epoch of a GPS.

    data: the bytes as received. answers: of a polled device, one for each of its ``requests()``, in order.
    """

    data: bytes
    answers: Sequence[Answer] = ()


class NoOptions(BaseModel):
    """Of a device without settings of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Decoder(Protocol):
    """What one kind of device means by its bytes. Built as ``Decoder(options)``; its state never changes."""

    options: ClassVar[type[BaseModel]]
    """Its YAML keys, documented."""

    claims: ClassVar[tuple[str, ...]]
    """The option names that together must be unique on a port; none: the device has the port to itself."""

    def __init__(self, options: Any) -> None: ...

    def quantities(self) -> Sequence[str]:
        """What it measures (``temperature``, ``lat`` ...); empty where it only sees identifiers."""

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        """Pure. Raises Reject."""


class Splitter(Protocol):
    """Finds the frames in a stream of bytes, whatever the chunks. Bounded memory."""

    def feed(self, data: bytes) -> Iterable[Frame | Reject]:
        """The frames that ``data`` completes, and a Reject for each damaged one passed over."""


class Talking(Decoder, Protocol):
    """A device that talks by itself, heard by the listener."""

    def splitter(self) -> Splitter: ...


@runtime_checkable
class Greeted(Talking, Protocol):
    """A device that talks by itself once it has been asked to."""

    greeting: ClassVar[bytes]
    """Written once, each time the link has been opened."""


@runtime_checkable
class Keyed(Decoder, Protocol):
    """A device that may seal what it says; its options have a ``key``, which tells where the key is kept."""

    def unlocked(self, key: str) -> Decoder:
        """The same with its key, 32 hexadecimal digits. Raises ValueError, which never shows the key."""


class Number(NamedTuple):
    """What tells a frame from the one before it.

    value: the device's own counter, or measurement number. grows: it can but grow (the counter of a sealed
    frame), so that a smaller one is a replay; otherwise any other value is news.
    """

    value: int
    grows: bool = False


@runtime_checkable
class Numbered(Decoder, Protocol):
    """A device that numbers what it says, so that the same said twice can be told from news."""

    def number(self, frame: Frame) -> Number | None:
        """Pure. None: this frame has none. Raises Reject as ``decode`` does."""


@runtime_checkable
class Polled(Decoder, Protocol):
    """A device that must be asked. max_read: the most registers, or bits, that it answers in one request."""

    max_read: int

    def requests(self) -> Sequence[Request]:
        """What the bus must ask at each poll; built once."""


@runtime_checkable
class Watched(Decoder, Protocol):
    """A device with one state, looked at more often than it is told of: a change is told at once."""

    settle_s: float
    """How long a change must stand to be believed."""


@runtime_checkable
class Placed(Decoder, Protocol):
    """A device that hangs on ports of several kinds, with options that only some of them know."""

    belongs: ClassVar[Mapping[str, Collection[PortKind]]]
    """The kinds of port, by option."""


class Emit(Protocol):
    """Where a source's observations go. Never blocks, never raises."""

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None: ...

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        """A frame that could not be believed; counted under its reason."""


class Device(NamedTuple):
    """What a source knows of a device. every_s: its cadence; None: it talks when it likes. address: of a
    Bluetooth device, ``AA:BB:CC:DD:EE:FF``; else ""."""

    name: str
    decoder: Decoder
    every_s: float | None
    address: str = ""


class Link(Protocol):
    """An open wire. Bytes only."""

    async def read(self) -> bytes:
        """At least one byte, at most 64 KiB. Raises LinkDown."""

    def rest(self, seconds: float) -> None:
        """Leaves the wire alone for so long: what it brings meanwhile is read as one afterwards."""

    async def write(self, data: bytes) -> None:
        """Raises LinkDown."""

    def close(self) -> None: ...


Open: TypeAlias = Callable[[], Awaitable[Link]]
"""Opens the port's link anew; raises LinkDown, which says what to do."""


PortKind: TypeAlias = Literal["serial", "tcp", "bluetooth", "input", "gpio"]
"""A wire, a radio, a keyboard, a chip of contacts."""


class Port(NamedTuple):
    """What a source knows of its port.

    where: what the system calls it: a device file, host:port, an adapter (``hci0``), a chip (``gpiochip0``).
    baud: of a serial line, or of the one behind a device server. timeout_s: how long a unit may take to begin
    its answer. framing: rtu where a device server hands a bus's bytes on as they stand on the line; None: as
    the kind of port has it.
    """

    name: str
    kind: PortKind
    timeout_s: float
    baud: int = 9600
    framing: Literal["rtu"] | None = None
    where: str = ""

    @property
    def rtu(self) -> bool:
        """Whether a bus on it speaks RTU: at its end, near or far, is a serial line."""
        return self.kind == "serial" or self.framing == "rtu"


TURN_S = 1.0
"""A source that waits for its devices looks around so often."""


class Source(Protocol):
    """A port and the devices on it: a listener, a bus, a radio, a client.

    ``open_link`` opens a wire; a radio and a chip of contacts have none and are opened by ``port.where``.
    """

    mixes: ClassVar[bool]
    """Whether devices of different drivers may share its port."""

    turns: int
    """Grows while its work goes on, at least once every ``TURN_S``, however silent its devices are. Where it
    stands still for long the source hangs, and is started anew."""

    def __init__(self, port: Port, open_link: Open, devices: Sequence[Device], now: Now) -> None: ...

    async def run(self, emit: Emit) -> None:
        """Until cancelled. Raises LinkDown and its like."""

    def ask(self, device: str) -> None:
        """Read this device at once if it can be asked; otherwise nothing happens."""

    def counters(self) -> dict[str, int | float]:
        """Frames, bytes, exchanges, bus load: what `status` shows of the port."""


@runtime_checkable
class Rehung(Source, Protocol):
    """A source whose devices can change while it runs; a wire is not opened anew for it."""

    def hang(self, devices: Sequence[Device]) -> None:
        """From now on these. One that is the same object as before misses nothing."""


class Driver(NamedTuple):
    """One line of the catalogue: what stands behind a driver's name in the YAML file.

    sources: what reads it, by the kind of port it hangs on. every_s: its cadence where the file gives none;
    None: it talks when it likes.
    """

    decoder: type[Decoder]
    sources: Mapping[PortKind, type[Source]]
    every_s: float | None
