"""The lines of a GPIO chip, by the kernel's own binding: the one module that knows ``gpiod``.

Thin on purpose, since no build machine has such a chip: all that is decided is decided in ``gpio.py``.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from drivers.contract import LinkDown

if TYPE_CHECKING:
    from gpiod import Chip, LineRequest, LineSettings

CONSUMER: Final = "tagtrail"
"""Who holds the line, as ``gpioinfo`` shows it."""

EDGES_KEPT: Final = 1024
"""By the kernel until they are read; more than any door makes in a second."""

NO_EDGES: Final = frozenset({errno.ENXIO, errno.EOPNOTSUPP, errno.EINVAL})
"""Said by chips without interrupts, port expanders among them."""


class Wanted(NamedTuple):
    """How a line is set up. debounce_s: by the kernel."""

    bias: Literal["pull-up", "pull-down", "as-is"]
    debounce_s: float


class Edge(NamedTuple):
    """A level that changed. at_ns: CLOCK_MONOTONIC, when the kernel saw it."""

    line: int
    high: bool
    at_ns: int


class Lines(Protocol):
    """Lines of one chip, held until closed. Their methods raise LinkDown when the chip is gone."""

    signals: bool
    """Whether edges come by themselves, debounced; otherwise the levels must be looked at."""

    def fileno(self) -> int:
        """Readable when edges wait."""

    def edges(self) -> Sequence[Edge]:
        """Those that wait, oldest first."""

    def levels(self) -> Mapping[int, bool]:
        """By line; True is high."""

    def close(self) -> None: ...


class OpenLines(Protocol):
    """Takes the lines of a chip. Raises LinkDown, which says what to do."""

    def __call__(self, chip: str, wanted: Mapping[int, Wanted]) -> Lines: ...


def open_lines(chip: str, wanted: Mapping[int, Wanted]) -> Lines:
    """chip: its name below /dev. Raises LinkDown."""
    try:
        import gpiod  # noqa: PLC0415 - an extra, and needed only where there is such a port
    except ImportError:
        raise LinkDown("contacts on a chip need gpiod; install tagtrail[gpio]") from None
    try:
        with gpiod.Chip(f"/dev/{chip}") as opened:
            return _request(opened, chip, wanted)
    except FileNotFoundError:
        raise LinkDown(f"there is no /dev/{chip}; see which chips there are with: gpiodetect") from None
    except PermissionError:
        raise LinkDown(f"/dev/{chip} may not be opened; add the gateway's user to the group gpio") from None
    except OSError as error:
        raise LinkDown(f"{chip}: {error.strerror}") from None


def _request(opened: Chip, chip: str, wanted: Mapping[int, Wanted]) -> Lines:
    count = opened.get_info().num_lines
    beyond = [line for line in wanted if line >= count]
    if beyond:
        raise LinkDown(f"{chip} has lines 0 to {count - 1}, and no {beyond[0]}")
    try:
        return _GpiodLines(_take(opened, wanted, signals=True), chip, signals=True)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise LinkDown(_held(opened, chip, wanted)) from None
        if error.errno not in NO_EDGES:
            raise
    return _GpiodLines(_take(opened, wanted, signals=False), chip, signals=False)


def _take(opened: Chip, wanted: Mapping[int, Wanted], *, signals: bool) -> LineRequest:
    return opened.request_lines(
        config={line: _settings(how, signals) for line, how in wanted.items()},
        consumer=CONSUMER,
        event_buffer_size=EDGES_KEPT,
    )


def _settings(how: Wanted, signals: bool) -> LineSettings:
    from gpiod import LineSettings  # noqa: PLC0415 - as above
    from gpiod.line import Bias, Clock, Direction, Edge  # noqa: PLC0415

    bias = {"pull-up": Bias.PULL_UP, "pull-down": Bias.PULL_DOWN, "as-is": Bias.AS_IS}[how.bias]
    settings = LineSettings(direction=Direction.INPUT, bias=bias)
    if signals:
        settings.edge_detection = Edge.BOTH
        settings.debounce_period = timedelta(seconds=how.debounce_s)
        settings.event_clock = Clock.MONOTONIC
    return settings


def _held(opened: Chip, chip: str, wanted: Mapping[int, Wanted]) -> str:
    for line in wanted:
        info = opened.get_line_info(line)
        if info.used:
            holder = info.consumer or "the kernel"
            return f"line {line} of {chip} is held by {holder}; end that, or use another line"
    return f"a line of {chip} was held by another program a moment ago"


class _GpiodLines:
    def __init__(self, request: LineRequest, chip: str, *, signals: bool) -> None:
        self.signals = signals
        self._request = request
        self._chip = chip

    def fileno(self) -> int:
        return self._request.fd

    def edges(self) -> Sequence[Edge]:
        try:
            if not self._request.wait_edge_events(0):
                return ()
            events = self._request.read_edge_events()
        except OSError as error:
            raise self._gone(error) from None
        rising = type(events[0]).Type.RISING_EDGE if events else None
        return [Edge(each.line_offset, each.event_type is rising, each.timestamp_ns) for each in events]

    def levels(self) -> Mapping[int, bool]:
        try:
            values = self._request.get_values()
        except OSError as error:
            raise self._gone(error) from None
        return {line: bool(value.value) for line, value in zip(self._request.offsets, values, strict=True)}

    def close(self) -> None:
        self._request.release()

    def _gone(self, error: OSError) -> LinkDown:
        return LinkDown(f"{self._chip} is gone: {error.strerror}")
