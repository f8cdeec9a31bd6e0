"""What passes a UHF reader: hooks of a line, or whatever else bears an EPC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulators.options import Options

ANTENNAS = range(1, 9)
RSSI = (0x30, 0x70)
"""As the readers count it, weakest and strongest."""


def is_epc(epc: object) -> bool:
    """Whether it is hexadecimal digits in words of four, at most 31 words."""
    if not isinstance(epc, str) or not 4 <= len(epc) <= 124 or len(epc) % 4:
        return False
    return all(digit in "0123456789ABCDEF" for digit in epc)


class Hooks:
    """The tags of a scenario, from the options ``tags`` (EPCs in order, over and over), else ``hooks`` (how
    many a line has before the first comes round again)."""

    def __init__(self, options: Options) -> None:
        self._tags = [str(epc) for epc in options.items("tags") if _holds(epc, options)]
        hooks = options.one("hooks", int, 400)
        if not self._tags:
            self._tags = [f"E2001{number:019X}" for number in range(1, hooks + 1)]
        if not self._tags:
            raise options.error("hooks", f"{hooks} is less than 1")

    def passing(self) -> Iterator[str]:
        """Their EPCs, without end."""
        while True:
            yield from self._tags


def read_antennas(options: Options) -> Sequence[int]:
    """The option ``antennas``: each tag passes one of them."""
    antennas = [number for number in options.items("antennas") if isinstance(number, int)] or [1]
    if not set(antennas) <= set(ANTENNAS):
        raise options.error("antennas", f"{antennas} are not all 1 to 8")
    return antennas


def read_together(options: Options) -> int:
    """The option ``together``: tags in the field at the same time, as of a crate."""
    together = options.one("together", int, 1)
    if together < 1:
        raise options.error("together", f"{together} is less than 1")
    return together


def _holds(epc: object, options: Options) -> bool:
    if not is_epc(epc):
        raise options.error("tags", f"{epc!r} is no EPC: hexadecimal digits by fours, in quotes")
    return True
