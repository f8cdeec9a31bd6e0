"""The signing key as the settings say where it is kept: taken up, shown, handed over to a new one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson

from drivers.contract import Instant
from edge.errors import JournalError, Problem, SettingsError
from edge.evidence.keys import (
    SigningKey,
    append_handover,
    handover_lines,
    read_key,
    read_or_make_key,
    replace_key,
)
from edge.evidence.seals import Handover, Seal, read_handover
from edge.evidence.verification import Trust
from edge.instant import rfc3339
from edge.settings import Settings


def key_file(settings: Settings) -> Path | None:
    """The file that the gateway itself makes and rotates; None: the key comes from elsewhere."""
    kept = settings.evidence.key
    if kept is None:
        return settings.journal.path.with_name(settings.journal.path.name + ".key")
    return kept.file


def signing_key(settings: Settings, *, make: bool = True) -> SigningKey:
    """The key; where its file is not there yet, and with ``make``, a new one.

    Raises SettingsError for a secret that cannot be had, JournalError for a file that cannot be used.
    """
    path = key_file(settings)
    if path is not None:
        return read_or_make_key(path) if make else read_key(path)
    kept = settings.evidence.key
    assert kept is not None
    try:
        return SigningKey.of_pem(kept.reveal())
    except ValueError:
        problem = Problem("evidence.key", 0, 0, "", "secret_pem", {"secret": str(kept)})
        raise SettingsError(problems=[problem]) from None


def rotate(settings: Settings, now: Instant) -> Handover:
    """A new key in the place of the old one, and the handover; both are on disk when this returns.

    A gateway that runs goes on with the old key until it is started again. Raises JournalError.
    """
    path = key_file(settings)
    if path is None:
        raise JournalError("the signing key is no file of the gateway's own, so it is not rotated here")
    old, new = read_key(path), SigningKey.generate()
    handover = Handover.between(old, new, rfc3339(now))
    append_handover(path, orjson.dumps(handover._asdict()))
    replace_key(path, new)
    return handover


def handovers(settings: Settings) -> list[Handover]:
    """The handovers of this key, oldest first; lines that do not hold are none."""
    path = key_file(settings)
    if path is None:
        return []
    found = (read_handover(_json(line)) for line in handover_lines(path))
    return [handover for handover in found if handover is not None]


def its_own(settings: Settings, key: SigningKey, seals: Iterable[Seal]) -> list[Seal]:
    """Those of these seals that this gateway signed, with its key or one from which that was handed over."""
    trust = Trust(key.public, handovers(settings))
    ours = [seal for seal in seals if seal.gateway == settings.gateway.id]
    return [seal for seal in ours if trust.rank(seal.key) is not None and seal.holds]


def handed_over(settings: Settings, old: str | None, new: str) -> list[dict[str, str] | None]:
    """How ``old`` came to hand over to ``new``, step by step; [None]: nothing says so."""
    by_old = {handover.old: handover for handover in handovers(settings)}
    steps: list[dict[str, str] | None] = []
    at = old
    while at != new:
        step = by_old.pop(at, None) if at is not None else None
        if step is None:
            return [None]
        steps.append(step._asdict())
        at = step.new
    return steps


def _json(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
