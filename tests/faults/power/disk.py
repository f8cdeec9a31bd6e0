"""What a disk keeps when its power goes: all that was synced, and of the rest whatever it likes. Pure.

A recording is the list of what was done to a folder. Replayed up to any operation, it says what had been
synced by then and what had not; ``image`` is the folder as it comes back with some of the latter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

SECTOR_BYTES: Final = 512
"""Written whole or not at all; a disk may keep them in any order."""


class Write(NamedTuple):
    """Bytes into the file with this number, which a name may come and go for."""

    file: int
    offset: int
    data: bytes


class Truncate(NamedTuple):
    file: int
    size: int


class Sync(NamedTuple):
    """The file's bytes and size are said to be on the disk; not its name."""

    file: int


class SyncFailed(NamedTuple):
    """What was to be synced is forgotten: later syncs of the file do not try it again."""

    file: int


class Name(NamedTuple):
    """The name now means this file; None: nothing. formerly: the name that it had (a renaming)."""

    name: str
    file: int | None
    formerly: str | None = None


class SyncNames(NamedTuple):
    """The folder's names are said to be on the disk."""


class Said(NamedTuple):
    """No operation, but what the program said at this moment, to be held to it: see ``promises.py``."""

    fact: Mapping[str, object]


Loose: TypeAlias = Write | Truncate | Name
Operation: TypeAlias = Loose | Sync | SyncFailed | SyncNames | Said
Image: TypeAlias = dict[str, bytes]
"""Files by name."""


class Kept(StrEnum):
    """What is left of the operations that were not yet synced."""

    NOTHING = "nothing"
    ALL = "all"
    PREFIX = "prefix"
    SECTORS = "sectors"
    NAMES_LOST = "names lost"


@dataclass(slots=True)
class Disk:
    """names and files: as synced. loose: what was done since, in order. lies: whether a sync does nothing."""

    names: dict[str, int] = field(default_factory=dict)
    files: dict[int, bytearray] = field(default_factory=dict)
    loose: list[Loose] = field(default_factory=list)
    lies: Callable[[], bool] = lambda: False

    @classmethod
    def holding(cls, image: Mapping[str, bytes]) -> Disk:
        """Files numbered from 0 in the order of the image, all on the disk."""
        return cls(
            {name: number for number, name in enumerate(image)},
            {number: bytearray(data) for number, data in enumerate(image.values())},
        )

    def take(self, operation: Operation) -> None:
        match operation:
            case Sync(file):
                self._settle(lambda loose: not isinstance(loose, Name) and loose.file == file)
            case SyncFailed(file):
                self.loose = [loose for loose in self.loose if isinstance(loose, Name) or loose.file != file]
            case SyncNames():
                self._settle(lambda loose: isinstance(loose, Name))
            case Said():
                pass
            case loose:
                self.loose.append(loose)

    def _settle(self, synced: Callable[[Loose], bool]) -> None:
        if self.lies():
            return
        _apply([loose for loose in self.loose if synced(loose)], self.names, self.files)
        self.loose = [loose for loose in self.loose if not synced(loose)]

    def image(self, kept: Kept, chance: random.Random) -> Image:
        """The folder as it comes back."""
        names, files = dict(self.names), {number: bytearray(data) for number, data in self.files.items()}
        _apply(_survivors(self.loose, kept, chance), names, files)
        return {name: bytes(files.get(file, b"")) for name, file in sorted(names.items())}


def _apply(operations: Iterable[Loose], names: dict[str, int], files: dict[int, bytearray]) -> None:
    for operation in operations:
        match operation:
            case Write(file, offset, data):
                content = files.setdefault(file, bytearray())
                content.extend(bytes(max(0, offset - len(content))))
                content[offset : offset + len(data)] = data
            case Truncate(file, size):
                content = files.setdefault(file, bytearray())
                content[size:] = bytes(max(0, size - len(content)))
            case Name(name, file, formerly):
                if formerly is not None:
                    names.pop(formerly, None)
                if file is None:
                    names.pop(name, None)
                else:
                    names[name] = file


def _survivors(loose: list[Loose], kept: Kept, chance: random.Random) -> list[Loose]:
    match kept:
        case Kept.NOTHING:
            return []
        case Kept.ALL:
            return loose
        case Kept.PREFIX:
            return loose[: chance.randint(0, len(loose))]
        case Kept.NAMES_LOST:
            return [one for one in loose if not isinstance(one, Name) or chance.random() < 0.5]
        case Kept.SECTORS:
            likely = chance.choice((0.1, 0.5, 0.9))
            return [piece for one in loose for piece in _pieces(one) if chance.random() < likely]


def _pieces(loose: Loose) -> list[Loose]:
    """A write cut at the bounds of sectors; anything else as it is."""
    if not isinstance(loose, Write):
        return [loose]
    file, offset, data = loose
    bounds = [
        offset,
        *range(offset // SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES, offset + len(data), SECTOR_BYTES),
    ]
    ends = [*bounds[1:], offset + len(data)]
    return [
        Write(file, begin, data[begin - offset : end - offset])
        for begin, end in zip(bounds, ends, strict=True)
    ]
