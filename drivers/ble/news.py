"""What of a probe's frames is news: neither a repeat, nor a replay, nor more than it may say."""

from __future__ import annotations

from typing import Final

from drivers.contract import Decoder, Frame, Instant, Number, Numbered, Observation, Reason, Reject

PER_SECOND: Final = 1.0
"""Frames of one address that are news in the long run; probes measure every few seconds."""

AT_ONCE: Final = 10.0
"""Frames that may follow each other at once: a button, a door."""


class News:
    """Of one probe. What it last said outlives a lost radio.

    numbered: all that it says has a number, as far as is known.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decode = decoder.decode
        self._number_of = decoder.number if isinstance(decoder, Numbered) else None
        self.numbered = self._number_of is not None
        self.repeats = 0
        self.limited = 0
        self._number: Number | None = None
        self._allowed = AT_ONCE
        self._counted_s = 0.0

    def of(self, frame: Frame, at: Instant, steady_s: float) -> list[Observation]:
        """What the frame says that is news; empty where it is none, which is counted. Raises Reject.

        Neither the number nor the limit is touched by a frame that is not believed: a stranger who uses the
        address can silence nobody.
        """
        number = self._number_of(frame) if self._number_of is not None else None
        if number is not None and self._number is not None:
            if number.value == self._number.value:
                self.repeats += 1
                return []
            if number.grows and number.value < self._number.value:
                raise Reject(Reason.REPLAY, f"number {number.value} after {self._number.value}")
        if not self._may_speak(steady_s):
            self.limited += 1
            return []
        observations = list(self._decode(frame, at))
        self._allowed -= 1.0
        if number is None:
            self.numbered = False
        else:
            self._number = number  # a frame without one must not make an old one news again
        return observations

    def _may_speak(self, steady_s: float) -> bool:
        self._allowed = min(AT_ONCE, self._allowed + (steady_s - self._counted_s) * PER_SECOND)
        self._counted_s = steady_s
        return self._allowed >= 1.0
