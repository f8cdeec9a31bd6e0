"""The power goes at every operation; what each cut leaves is opened and held to what was promised."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from tests.faults.power.disk import Disk, Image, Kept, Operation, Said
from tests.faults.power.promises import BROKEN, Key, Promised, blocks_in, broken
from tests.faults.power.recorded import recording
from tests.faults.power.workloads import Play, Workload

_SCRATCH: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Memory, where there is such a folder: nothing in here has to outlive the program."""


class Recorded(NamedTuple):
    """A workload as the disk saw it. ever: every block that was stored in it."""

    before: Image
    operations: Sequence[Operation]
    ever: Mapping[Key, str]

    @property
    def moments(self) -> range:
        """Before, between and after the operations; what was promised of the disk as it came is no moment."""
        first = next(at for at, operation in enumerate(self.operations) if not isinstance(operation, Said))
        return range(first, len(self.operations) + 1)

    @property
    def ways(self) -> int:
        return len(self.moments) * len(Kept)


class Cut(NamedTuple):
    """The power goes before operation number ``at``. seed: of what is then kept."""

    at: int
    kept: Kept
    seed: int


def record(workload: Workload, synchronous: str = "FULL") -> Recorded:
    """Plays it to its end, and writes down what is done to the disk."""
    before = workload.before()
    with tempfile.TemporaryDirectory(dir=_SCRATCH) as name:
        folder = Path(name)
        write(before.image, folder)
        with recording(before.image, synchronous) as found:
            for fact in before.facts:
                found.say(**fact)
            asyncio.run(workload.play(Play(folder, found.say)))
        return Recorded(before.image, found.operations, _ever(found.operations, folder))


def drawn(recorded: Recorded, number: int, seed: int) -> list[Cut]:
    """So many cuts: every operation is cut in every way before one is cut that way again."""
    chance = random.Random(seed)
    ways = list(product(recorded.moments, Kept))
    cuts: list[Cut] = []
    while len(cuts) < number:
        again = chance.sample(ways, min(len(ways), number - len(cuts)))
        cuts += [Cut(at, kept, chance.getrandbits(32)) for at, kept in again]
    return cuts


def tally(recorded: Recorded, cuts: Sequence[Cut], lies: float = 0.0) -> Counter[str]:
    """How many different images the cuts left, and of these how many broke which promise.

    lies: how likely the disk says that it has synced, and has not.
    """
    found: Counter[str] = Counter(cuts=0, **dict.fromkeys(BROKEN, 0))
    seen: set[bytes] = set()
    for image, promised in _images(recorded, cuts, lies):
        mark = _mark(image, promised)
        if mark in seen:
            continue
        seen.add(mark)
        with tempfile.TemporaryDirectory(dir=_SCRATCH) as folder:
            write(image, Path(folder))
            found.update(["cuts", *broken(Path(folder), promised, recorded.ever)])
    return found


def write(image: Image, folder: Path) -> None:
    for name, data in image.items():
        (folder / name).write_bytes(data)


def _images(recorded: Recorded, cuts: Sequence[Cut], lies: float) -> Iterator[tuple[Image, Promised]]:
    """What each cut leaves, in the order of time, and what had been promised by then."""
    lying = random.Random(len(recorded.operations))
    disk = Disk.holding(recorded.before)
    disk.lies = lambda: lying.random() < lies
    promised = Promised()
    due = sorted(cuts, reverse=True)
    for at, operation in enumerate([*recorded.operations, None]):
        while due and due[-1].at == at:
            cut = due.pop()
            yield disk.image(cut.kept, random.Random(cut.seed)), promised
        if operation is not None:
            disk.take(operation)
        if isinstance(operation, Said):
            promised.hear(operation.fact)


def _ever(operations: Sequence[Operation], folder: Path) -> dict[Key, str]:
    """What was said, and what the last session stored while it stopped."""
    promised = Promised()
    for operation in operations:
        if isinstance(operation, Said):
            promised.hear(operation.fact)
    left = blocks_in(folder / "journal.db")
    return promised.blocks | {key: block.body.decode() for key, block in left.items()}


def _mark(image: Image, promised: Promised) -> bytes:
    mark = blake2b(
        repr((len(promised.blocks), promised.n, promised.delivered, promised.acknowledged)).encode()
    )
    for name, data in image.items():
        mark.update(b"%b %d\n" % (name.encode(), len(data)))
        mark.update(data)
    return mark.digest()
