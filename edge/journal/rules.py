"""What the settings say of the journal."""

from __future__ import annotations

from dataclasses import dataclass

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The ``journal:`` settings. commit_every_s: what a power cut may cost of telemetry.

    max_size_bytes: of the file, its write-ahead log (4 MiB) apart; the file never shrinks, its room is used
    again. keep_records_s, keep_telemetry_s: the age at which a block is deleted.
    """

    commit_every_s: float = 1.0
    max_size_bytes: int = 8_000_000_000
    keep_records_s: float = 3 * 365 * _DAY_S
    keep_telemetry_s: float = 90 * _DAY_S
