"""A weighing indicator over the rail: carcasses arrive, swing, hang still, and leave.

================= ================================================= =================================
form              message                                           of
================= ================================================= =================================
``mt-continuous`` 02, SWA SWB SWC, weight 6, tare 6, 0D, checksum   Mettler Toledo continuous output
``and``           ``ST,NT,+0022.35kg`` CR LF                        A&D AD-4404, CAS
================= ================================================= =================================

Weights have two decimals in steps of 0.05 kg. Of SWB: bit 0 net, 1 negative, 2 out of range, 3 motion, 4 kg.
Source: METTLER TOLEDO Wildcat Technical Manual (12/00), appendix 2; A&D AD-4404 manual, 9.2.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

from simulators.device import Talker, World
from simulators.faults import OF_MESSAGES, Fault, spoil, touched
from simulators.options import Options, ScenarioError

STEP_KG = 0.05
SWA = 0x20 | 0x18 | 4
"""Steps of 5, two decimals."""

SWB_NET_KG, SWC = 0x20 | 0x10 | 0x01, 0x20
NEGATIVE, OUT_OF_RANGE, MOTION = 0x02, 0x04, 0x08
SWING_HZ = 1.2
SWING = 0.25
"""Of the weight, when a carcass arrives."""


class Weight(NamedTuple):
    """What the indicator shows: net and tare in kg. within: its range."""

    net: float
    tare: float
    stable: bool
    within: bool = True


def mt_continuous(weight: Weight, checksum: bool) -> bytes:
    """A frame of the continuous output."""
    swb = SWB_NET_KG | (NEGATIVE if weight.net < 0 else 0)
    swb |= (0 if weight.within else OUT_OF_RANGE) | (0 if weight.stable else MOTION)
    net = f"{round(abs(weight.net) * 100):06}" if weight.within else " " * 6
    frame = bytes((0x02, SWA, swb, SWC)) + f"{net}{round(weight.tare * 100):06}\r".encode()
    return frame + bytes((-sum(frame) & 0x7F,)) if checksum else frame


def a_and_d(weight: Weight) -> bytes:
    """A line of the standard format."""
    if not weight.within:
        return b"OL,NT,        kg\r\n"
    return f"{'ST' if weight.stable else 'US'},NT,{weight.net:+08.2f}kg\r\n".encode()


def wrong_checksum(message: bytes) -> bytes:
    """The frame with a checksum that does not fit."""
    return message[:-1] + bytes((message[-1] ^ 0x15,))


class Scale(Talker):
    """Options: ``form``, ``checksum`` (of mt-continuous), ``mean`` and ``spread`` of a carcass and ``hook``
    (tared), all in kg; ``first`` carcass after, ``gap`` between two, ``stay``, ``settle`` until it hangs
    still; ``rate``, messages a second in real time."""

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {"wrong_crc", "frozen", "sentinel", "unplug"}

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world)
        self._form = options.one("form", str, "mt-continuous")
        if self._form not in ("mt-continuous", "and"):
            raise options.error("form", f"{self._form} is none of mt-continuous, and")
        self._checksum = options.one("checksum", bool, False)
        if self._checksum and self._form == "and":
            raise options.error("checksum", "lines have none")
        self._mean_kg = options.one("mean", float, 22.0)
        self._spread_kg = options.one("spread", float, 4.0)
        self._hook_kg = options.one("hook", float, 1.2)
        self._first_s = options.duration("first", "1s")
        self._gap_s = options.span("gap", ("4s", "9s"))
        self._stay_s = options.span("stay", ("5s", "8s"))
        self._settle_s = options.duration("settle", "2s")
        rate = options.one("rate", float, 10.0)
        if rate <= 0:
            raise options.error("rate", f"{rate} is not above 0")
        self._period_s = 1 / rate
        self._last: Weight | None = None
        options.done()

    def check(self, fault: Fault) -> None:
        super().check(fault)
        if fault.name == "wrong_crc" and not self._checksum:
            raise ScenarioError(f"{self.port}: wrong_crc needs a checksum")

    async def run(self) -> None:
        await self._weigh(0.0, self._first_s)
        while True:
            load_kg = self._hook_kg + max(0.0, self.rng.gauss(self._mean_kg, self._spread_kg))
            await self._weigh(load_kg, self.rng.uniform(*self._stay_s))
            await self._weigh(0.0, self.rng.uniform(*self._gap_s))

    async def _weigh(self, load_kg: float, for_s: float) -> None:
        """Says what hangs on the rail, from its arrival until it leaves."""
        clock = self.world.clock
        began = clock.seconds()
        while (hung_s := clock.seconds() - began) < for_s:
            if self._last is None or "frozen" not in self.faults.of():
                self._last = self._shown(load_kg, hung_s)
            self._say(self._last)
            await clock.sleep(self._period_s * clock.speed)

    def _shown(self, load_kg: float, hung_s: float) -> Weight:
        stable = hung_s >= self._settle_s or not load_kg
        swing = 0.0 if stable else SWING * (1 - hung_s / self._settle_s)
        moved_kg = load_kg * (1 + swing * math.cos(math.tau * SWING_HZ * hung_s))
        net_kg = round(round((moved_kg - self._hook_kg) / STEP_KG) * STEP_KG, 2)
        return Weight(net_kg, round(self._hook_kg, 2), stable)

    def _say(self, weight: Weight) -> None:
        faults = self.faults.rolled(self.rng)
        shown = weight._replace(within="sentinel" not in faults)
        message = mt_continuous(shown, self._checksum) if self._form == "mt-continuous" else a_and_d(shown)
        damage: Mapping[str, Callable[[bytes], bytes]] = {"wrong_crc": wrong_checksum}
        sending = spoil(message, faults, damage, self.rng)

        def said(sent: bool) -> None:
            self.world.truth.write(
                self.port,
                "weight",
                net=shown.net if shown.within else None,
                tare=shown.tare,
                stable=shown.stable,
                delivered=sent and sending.intact,
                **touched(faults),
            )

        self.outbox.send(sending.pieces, said)
