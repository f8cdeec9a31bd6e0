"""What readers have in common that say what is in their field only when they are asked."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from simulators.device import World
from simulators.options import Options
from simulators.passing import InField, Passing

LONGEST_QUESTION = 64
FROZEN_S = 0.05
"""So often a frozen reader looks whether it still is."""


class AskedReader(Passing):
    """Tags pass as they do before a reader that talks; each question is answered with those in the field.

    Options, beside those of ``Passing``: ``turnaround`` (from a question to the answer).
    """

    question: ClassVar[re.Pattern[bytes]]
    """What a whole question looks like, its checksum apart."""

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._turnaround_s = options.duration("turnaround", "20ms")
        self._heard = b""

    @abstractmethod
    def answer(self, question: re.Match[bytes]) -> Sequence[InField | bytes]:
        """To a question: tags in the field, and messages that are no tag."""

    @abstractmethod
    def is_sound(self, question: bytes) -> bool:
        """Whether its checksum fits."""

    async def stand(self, until: float) -> None:
        clock = self.world.clock
        await clock.sleep(until - clock.seconds())
        while "frozen" in self.faults.of():
            await clock.sleep(FROZEN_S * clock.speed)

    def heard(self, data: bytes) -> None:
        self._heard += data
        here = 0
        for asked in self.question.finditer(self._heard):
            self._ignore(self._heard[here : asked.start()])
            here = asked.end()
            if self.is_sound(asked[0]):
                self.say(self.answer(asked), self._turnaround_s)
            else:
                self._ignore(asked[0])
        if len(self._heard) - here > LONGEST_QUESTION:
            self._ignore(self._heard[here:])
            here = len(self._heard)
        self._heard = self._heard[here:]

    def unplug(self) -> None:
        self._heard = b""
        super().unplug()

    def _ignore(self, noise: bytes) -> None:
        if noise:
            self.world.truth.write(self.port, "ignored", bytes=noise.hex())
