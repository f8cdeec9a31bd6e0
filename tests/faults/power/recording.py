"""What is done to a folder, written down in order: see ``disk.py``."""

from __future__ import annotations

from itertools import count

from tests.faults.power.disk import Image, Name, Operation, Said


class Recording:
    """Of a folder that held ``base`` before. names: the file that each means now."""

    def __init__(self, base: Image) -> None:
        self.operations: list[Operation] = []
        self.names = {name: number for number, name in enumerate(base)}
        self._numbers = count(len(base))

    def say(self, **fact: object) -> None:
        """The program is held to this from here on."""
        self.operations.append(Said(fact))

    def file(self, name: str) -> int:
        """The number of the file that is now called so; it is made where there is none."""
        if name not in self.names:
            self.names[name] = next(self._numbers)
            self.operations.append(Name(name, self.names[name]))
        return self.names[name]

    def delete(self, name: str) -> None:
        if self.names.pop(name, None) is not None:
            self.operations.append(Name(name, None))

    def rename(self, old: str, new: str) -> None:
        self.names[new] = self.names.pop(old)
        self.operations.append(Name(new, self.names[new], formerly=old))
