"""What differs between the settings in force and a file that was read again, and whether it may. Pure.

What the journal and the clock were opened with holds until the next start: ``AT_START``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from edge.errors import Problem
from edge.settings import Settings

AT_START: Final = ("gateway", "clock", "journal", "evidence")
"""The sections that the daemon reads once."""


class Difference(NamedTuple):
    """Dotted paths, sorted: ``devices.chiller-1-air``. waiting: differs, and takes hold at the next start."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    waiting: tuple[str, ...] = ()

    def facts(self) -> dict[str, list[str]]:
        """Those of which there is something to say."""
        return {name: list(paths) for name, paths in self._asdict().items() if paths}


def refusals(old: Settings, new: Settings, file: Path) -> list[Problem]:
    """Why these may not take the place of the old ones, though they hold by themselves."""
    fixed = {
        "gateway.id": (old.gateway.id, new.gateway.id),
        "journal.path": (old.journal.path, new.journal.path),
    }
    return [
        Problem(str(file), 0, 0, path, "fixed_while_running", {"was": was, "now": now})
        for path, (was, now) in fixed.items()
        if was != now
    ]


def in_force(old: Settings, new: Settings) -> Settings:
    """The new settings, with what was read at the start as it was then."""
    return new.model_copy(update={section: getattr(old, section) for section in AT_START})


def difference(old: Settings, new: Settings, secrets: Iterable[str] = ()) -> Difference:
    """old: in force. new: as the file has it. secrets: the paths of what has another one than before."""
    before, after = dict(_pieces(old)), dict(_pieces(new))
    both = before.keys() & after.keys()
    changed = sorted({path for path in both if before[path] != after[path]} | (both & set(secrets)))
    return Difference(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
        tuple(path for path in changed if path not in AT_START),
        tuple(path for path in changed if path in AT_START),
    )


def _pieces(settings: Settings) -> Iterator[tuple[str, object]]:
    """What can be told apart: entries of the sections that name them, sections that are one."""
    sections = dict(settings) | {f"records.{kind}": entries for kind, entries in settings.records}
    del sections["records"]
    for path, said in sections.items():
        if isinstance(said, dict):
            yield from ((f"{path}.{name}", entry) for name, entry in said.items())
        elif said is not None:
            yield path, said
