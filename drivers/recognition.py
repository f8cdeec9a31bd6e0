"""Which driver understands what was heard on a wire. Pure.

A driver is tried with the options it needs least of, or with its ``guesses``: its splitter finds the frames
and its decoder says what they mean. It understands the wire where a frame became an observation and no more
was refused than a beginning in the middle explains, or where several frames said that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple, Protocol, cast, runtime_checkable

from drivers.contract import (
    Driver,
    Frame,
    Instant,
    Observation,
    Reading,
    Reason,
    Reject,
    Sighting,
    Splitter,
    Talking,
)

_ANY_TIME: Final = Instant(0)

REFUSED_AT_MOST: Final = 1
"""A wire is met in the middle of a frame."""

REFUSED_SHARE: Final = 0.2
"""And a frame in five may be damaged."""

FRAMES_THAT_SAY_NOTHING: Final = 3
"""So many show a device too: a heartbeat, an empty field, a receiver that sees no satellites."""

SEVENTH_BIT_CHARACTERS: Final = 8
"""So many characters of even parity are no accident: 1 in 256."""


@runtime_checkable
class Guessed(Protocol):
    """A decoder that a scan cannot know without its options."""

    guesses: ClassVar[Sequence[Mapping[str, Any]]]
    """Those that a scan tries."""


@runtime_checkable
class _Splitting(Protocol):
    def splitter(self) -> Splitter: ...


class Candidate(NamedTuple):
    """A driver and the options it is tried with."""

    driver: str
    options: Mapping[str, Any]
    decoder: Talking


class Understood(NamedTuple):
    """What a candidate made of the bytes. observations: the newest of each quantity and code. frames: how
    many it understood, and of how many bytes; refused: how many not."""

    candidate: Candidate
    observations: Sequence[Observation]
    frames: int
    bytes: int
    refused: int


def candidates(drivers: Mapping[str, Driver]) -> Iterator[Candidate]:
    """The drivers of devices that are heard on a serial line, in the order of the catalogue."""
    for name, driver in drivers.items():
        if "serial" not in driver.sources or not isinstance(driver.decoder, _Splitting):
            continue
        for options in driver.decoder.guesses if isinstance(driver.decoder, Guessed) else ({},):
            decoder = driver.decoder(driver.decoder.options.model_validate(options))
            yield Candidate(name, options, cast(Talking, decoder))


def recognised(data: bytes, tried: Iterable[Candidate]) -> list[Understood]:
    """Whoever understands the bytes, the most of them first, else in the order of the catalogue; of one
    driver's guesses the best."""
    best: dict[str, Understood] = {}
    for candidate in tried:
        made = _understood(data, candidate)
        if made is None:
            continue
        other = best.get(candidate.driver)
        if other is None or (made.refused, -made.frames) < (other.refused, -other.frames):
            best[candidate.driver] = made
    telling = [made for made in best.values() if not is_mere_text(made)]
    return sorted(telling or best.values(), key=lambda made: -made.bytes)


def seven_even(data: bytes) -> bytes | None:
    """The characters, if these are bytes as a line of 7E1 leaves them for one that listens in 8N1: the top
    bit makes the number of ones even. None: they are not."""
    if len(data) < SEVENTH_BIT_CHARACTERS or all(byte < 0x80 for byte in data):
        return None
    if any(byte.bit_count() % 2 for byte in data):
        return None
    return bytes(byte & 0x7F for byte in data)


def _understood(data: bytes, candidate: Candidate) -> Understood | None:
    said: dict[object, Observation] = {}
    frames = length = refused = 0
    for found in candidate.decoder.splitter().feed(data):
        if isinstance(found, Reject) or (observations := _meaning(candidate.decoder, found)) is None:
            refused += 1
            continue
        frames += 1
        length += len(found.data)
        said |= {_subject(item): item for item in observations}
    if refused > REFUSED_AT_MOST + frames * REFUSED_SHARE or not (said or frames >= FRAMES_THAT_SAY_NOTHING):
        return None
    if not all(_can_be_read(item) for item in said.values()):
        return None
    return Understood(candidate, list(said.values()), frames, length, refused)


def _meaning(decoder: Talking, frame: Frame) -> Sequence[Observation] | None:
    """Nothing where the device itself has nothing, or a number that cannot be. None: the frame is not its."""
    try:
        return decoder.decode(frame, _ANY_TIME)
    except Reject as reject:
        measures = bool(decoder.quantities())
        its_own = reject.reason is Reason.SENTINEL or (reject.reason is Reason.RANGE and measures)
        return () if its_own else None


def _subject(item: Observation) -> object:
    """What a newer observation replaces."""
    match item:
        case Reading():
            return item.quantity
        case Sighting():
            return item.code
        case _:
            return type(item)


def is_mere_text(made: Understood) -> bool:
    """Any line is a scanner's, which says nothing where another driver knows more of it."""
    said = made.observations
    return bool(said) and all(isinstance(item, Sighting) and item.code.scheme == "text" for item in said)


def _can_be_read(item: Observation) -> bool:
    """A wire at the wrong speed can spell text, but hardly without a control character."""
    return not isinstance(item, Sighting) or item.code.value.isprintable()
