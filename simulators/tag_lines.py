"""A reader that sends a line of text for each ear tag, in the words of several makers.

============ ==================================================== ===============================
form         line                                                 of
============ ==================================================== ===============================
``allflex``  ``LA 982 000001088420`` CR LF                        Allflex RS320, AFX-100
``tiris``    ``LA 00000 0 982 000001088420`` CR LF                the same, format of TIRIS S2000
``biomark``  ``20-07-2012 11:46:28 01 TAG 3DD.003BA20748`` CR LF  Biomark HPR: hexadecimal digits
``iso``      STX ``982 000001088420`` CR LF                       ISO 24631-6
``plain``    ``362292600000123`` CR LF                            readers of Chinese ear tags
============ ==================================================== ===============================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulators.device import World
from simulators.options import Options
from simulators.passing import Animals, Passing

FORMS: dict[str, Callable[[int, int], str]] = {
    "allflex": lambda country, national: f"LA {country:03} {national:012}",
    "tiris": lambda country, national: f"LA 00000 0 {country:03} {national:012}",
    "biomark": lambda country, national: f"20-07-2012 11:46:28 01 TAG {country:03X}.{national:010X}",
    "iso": lambda country, national: f"\x02{country:03} {national:012}",
    "plain": lambda country, national: f"{country:03}{national:012}",
}


def line(form: str, code: str) -> bytes:
    """What the reader sends for an animal's tag of 15 digits."""
    return FORMS[form](int(code[:3]), int(code[3:])).encode() + b"\r\n"


class LineReader(Passing):
    """Options, beside those of ``Passing``: ``form``, ``tags`` or ``county`` as an ear_tag_reader has."""

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._animals = Animals(options, self.rng)
        self._form = options.one("form", str, "allflex")
        if self._form not in FORMS:
            raise options.error("form", f"{self._form} is none of {', '.join(FORMS)}")
        options.done()

    def passing(self) -> Iterator[str]:
        return self._animals.passing()

    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        return line(self._form, tag), {"form": self._form}
