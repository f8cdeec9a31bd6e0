"""The power goes at every operation; what each cut leaves is opened and held to what was promised."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from tests.faults.power.disk import Disk, Image, Kept, Operation, Said
from tests.faults.power.promises import BROKEN, Key, Promised, broken
from tests.faults.power.recorded import recording
from tests.faults.power.workloads import Before, Play, Workload

SCRATCH: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Memory, where there is such a folder: nothing in here has to outlive the program."""


def write(image: Image, folder: Path) -> None:
    """As files for their owner alone: a key may be among them."""
    for name, data in image.items():
        (folder / name).touch(0o600)
        (folder / name).write_bytes(data)


class Recorded(NamedTuple):
    """A workload as the disk saw it, from what it held before."""

    before: Image
    operations: Sequence[Operation]

    @property
    def blocks(self) -> dict[Key, str]:
        """Every block that was said to be stored."""
        promised = Promised()
        for operation in self.operations:
            if isinstance(operation, Said):
                promised.hear(operation.fact)
        return promised.blocks

    @property
    def moments(self) -> range:
        """Before, between and after the operations; what was promised of the disk as it came is no moment."""
        first = next(at for at, operation in enumerate(self.operations) if not isinstance(operation, Said))
        return range(first, len(self.operations) + 1)


class Cut(NamedTuple):
    """The power goes before operation number ``at``. seed: of what is then kept."""

    at: int
    kept: Kept
    seed: int


def record(workload: Workload, synchronous: str = "FULL") -> Recorded:
    """Plays it to its end, and writes down what is done to the disk."""
    before = workload.before()
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder = Path(name)
        write(before.image, folder)
        with recording(before.image, synchronous) as found:
            for fact in before.facts:
                found.say(**fact)
            asyncio.run(workload.play(Play(folder, found.say)))
    return Recorded(before.image, found.operations)


def again(workload: Workload) -> Workload:
    """The same once more, on what a power cut in its midst has left."""
    recorded = record(workload)
    at = len(recorded.operations) * 2 // 3
    cut = Cut(at, Kept.SECTORS, seed=0)
    image, _ = next(_images(recorded, [cut], lies=0.0))
    facts = [operation.fact for operation in recorded.operations[:at] if isinstance(operation, Said)]
    return workload._replace(name=f"{workload.name}, once cut", before=lambda: Before(image, facts))


def drawn(recorded: Recorded, number: int, seed: int) -> list[Cut]:
    """So many cuts: at every operation in every way first, then over and over with other sectors kept."""
    chance = random.Random(seed)
    ways = list(product(recorded.moments, Kept))
    chosen = chance.sample(ways, min(len(ways), number))
    chosen += [(chance.choice(recorded.moments), Kept.SECTORS) for _ in range(number - len(chosen))]
    return [Cut(at, kept, chance.getrandbits(32)) for at, kept in chosen]


def tally(recorded: Recorded, cuts: Sequence[Cut], lies: float = 0.0) -> Counter[str]:
    """How many different images the cuts left, and of these how many broke which promise.

    lies: how likely the disk says that it has synced, and has not.
    """
    found: Counter[str] = Counter(cuts=0, **dict.fromkeys(BROKEN, 0))
    seen: set[bytes] = set()
    ever = recorded.blocks
    for image, promised in _images(recorded, cuts, lies):
        mark = _mark(image, promised)
        if mark in seen:
            continue
        seen.add(mark)
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            write(image, Path(folder))
            found.update(["cuts", *broken(Path(folder), promised, ever)])
    return found


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


def _mark(image: Image, promised: Promised) -> bytes:
    mark = blake2b(
        repr((len(promised.blocks), promised.n, promised.delivered, promised.acknowledged)).encode()
    )
    for name, data in image.items():
        mark.update(b"%b %d\n" % (name.encode(), len(data)))
        mark.update(data)
    return mark.digest()
