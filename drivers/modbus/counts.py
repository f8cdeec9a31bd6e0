"""What a bus counts of its wire: shown by ``status``, never reset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """exchanges: requests sent. timeouts: of these without an answer in time. checksum: damaged answers.
    foreign: whole messages that answer something else. late: answers to an exchange given up. stray_bytes:
    belong to no answer. exceptions: refusals by a unit. splits: spans halved. dropped_polls: overdue by a
    whole cadence. rested_polls: left out because their unit does not answer.
    """

    exchanges: int = 0
    timeouts: int = 0
    checksum: int = 0
    foreign: int = 0
    late: int = 0
    stray_bytes: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    exceptions: int = 0
    splits: int = 0
    dropped_polls: int = 0
    rested_polls: int = 0


class Load:
    """The share of time in which a wire is in use: over the last whole window, at first over less."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._began_at: float | None = None
        self._busy_s = 0.0
        self._share = 0.0
        self._whole = False

    def used(self, took_s: float, now: float) -> None:
        """The wire was in use for the ``took_s`` seconds before ``now``."""
        if self._began_at is None:
            self._began_at = now - took_s
        self._busy_s += took_s
        elapsed_s = now - self._began_at
        ended = elapsed_s >= self._window_s
        if elapsed_s > 0 and (ended or not self._whole):
            self._share = self._busy_s / elapsed_s
        if ended:
            self._whole = True
            self._began_at, self._busy_s = now, 0.0

    def share(self) -> float:
        """0 to 1."""
        return self._share
