"""When the state of a contact is worth telling. Pure: time comes in with what is seen.

::

    seen      0  0  1  0  0  1  1  1  1  0  0  0  …
    believed  0  0  0  0  0  0  1  1  1  1  0  0     a change that stands for ``settle_s``
    told      0                 1           0        as of where it began; else at each ``every_s``

No answer is a state like any other: one answer that is lost among good ones is no gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from drivers.contract import NANOSECONDS, Instant, Observation, Reading


class Watch:
    """What one contact was last believed and told to be."""

    def __init__(self, every_s: float, settle_s: float) -> None:
        self._every = int(every_s * NANOSECONDS)
        self._settle = int(settle_s * NANOSECONDS)
        self._held: Reading | None = None
        self._new: Reading | None = None
        self._told = Instant(0)
        self._asked = False

    def ask(self) -> None:
        """The next state that is believed is told in any case."""
        self._asked = True

    def news(self, seen: Sequence[Observation]) -> Sequence[Observation]:
        """What is to be told after this look; a clock that was set is no news."""
        return [told for each in seen if isinstance(each, Reading) and (told := self._look(each))]

    def _look(self, seen: Reading) -> Reading | None:
        held = self._held
        if held is None:
            return self._believe(seen)
        if _same(seen, held):
            self._new = None
            due = self._asked or abs(seen.at - self._told) >= self._every
            return self._believe(seen) if due else None
        if self._new is None or not _same(seen, self._new):
            self._new = seen
        return self._believe(self._new) if abs(seen.at - self._new.at) >= self._settle else None

    def _believe(self, state: Reading) -> Reading:
        self._held, self._new, self._told, self._asked = state, None, state.at, False
        return state


def _same(one: Reading, other: Reading) -> bool:
    return one[1:] == other[1:]
