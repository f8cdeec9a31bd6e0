"""A scanner on a serial line at a bench: certificates, cartons, pallets and packs for the shop, in turn.

=============== ===================== ======================================================================
kind            symbol, with its AIM  what is sent, CR LF behind it
=============== ===================== ======================================================================
``certificate`` Code 128, ``]C0``     10 digits: the number of an animal's quarantine certificate
``carton``      GS1-128, ``]C1``      ``01`` GTIN ``3103`` weight ``10`` lot, 1D, ``21`` serial number
``pallet``      GS1-128, ``]C1``      ``00`` SSCC
``pack``        QR, ``]Q1``           ``https://id.gs1.org/01/GTIN/10/lot/21/serial``
=============== ===================== ======================================================================

How certificates are numbered is not published; ten digits are what paper ones bear. Source of the GS1 forms:
GS1 General Specifications 3.2, 5.1.2 and 7.9; GS1 Digital Link standard.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from simulators.device import Talker, World
from simulators.faults import OF_MESSAGES, spoil, touched
from simulators.options import Options

COMPANY = "6901234"
"""A GS1 company prefix."""

STX, ETX, GS = "\x02", "\x03", "\x1d"
END = "\r\n"


class Symbol(NamedTuple):
    """A symbol that is scanned. code: as printed below it, in the order of the identifiers; aim: what its
    kind is called on the wire."""

    code: str
    aim: str
    sent: str


def check_digit(body: str) -> str:
    """Weights 3, 1, 3 … from the right."""
    total = sum(
        int(digit) * weight for digit, weight in zip(reversed(body), (3, 1) * len(body), strict=False)
    )
    return str((10 - total % 10) % 10)


def certificate(number: int, rng: random.Random) -> Symbol:
    """Of one lot of animals."""
    code = f"{62_0000_0000 + rng.randrange(100) * 10_000 + number % 10_000:010}"
    return Symbol(code, "]C0", code)


def carton(number: int, rng: random.Random) -> Symbol:
    """Of cuts, weighed."""
    gtin, lot, serial = _gtin(9), f"L{number // 100:05}", f"{number:08}"
    weight = f"{rng.randrange(8_000, 25_000):06}"
    return Symbol(
        f"(01){gtin}(10){lot}(21){serial}(3103){weight}",
        "]C1",
        f"01{gtin}3103{weight}10{lot}{GS}21{serial}",
    )


def pallet(number: int, rng: random.Random) -> Symbol:
    """Of cartons."""
    body = f"3{COMPANY}{rng.randrange(10)}{number:08}"
    return Symbol(f"(00){body}{check_digit(body)}", "]C1", f"00{body}{check_digit(body)}")


def pack(number: int, rng: random.Random) -> Symbol:
    """For the shop."""
    gtin, lot, serial = _gtin(0), f"L{rng.randrange(100_000):05}", f"{number:08}"
    return Symbol(
        f"(01){gtin}(10){lot}(21){serial}",
        "]Q1",
        f"https://id.gs1.org/01/{gtin}/10/{lot}/21/{serial}",
    )


def _gtin(indicator: int) -> str:
    body = f"{indicator}{COMPANY}50001"
    return body + check_digit(body)


KINDS: dict[str, Callable[[int, random.Random], Symbol]] = {
    "certificate": certificate,
    "carton": carton,
    "pallet": pallet,
    "pack": pack,
}


class BarcodeScanner(Talker):
    """Options: ``kinds`` in turn; ``aim`` and ``stx``, whether AIM identifiers, and STX and ETX, are sent;
    ``first`` scan after, ``gap`` between two."""

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {"cut", "doubled", "unplug"}

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world)
        self._kinds = [str(kind) for kind in options.items("kinds")] or list(KINDS)
        if strange := [kind for kind in self._kinds if kind not in KINDS]:
            raise options.error("kinds", f"{strange[0]} is none of {', '.join(KINDS)}")
        self._aim = options.one("aim", bool, True)
        self._stx = options.one("stx", bool, False)
        self._first_s = options.duration("first", "1s")
        self._gap_s = options.span("gap", ("5s", "30s"))
        options.done()

    async def run(self) -> None:
        clock = self.world.clock
        await clock.sleep(self._first_s)
        number = self.rng.randrange(1, 1000)
        while True:
            for kind in self._kinds:
                self._say(kind, KINDS[kind](number, self.rng))
                number += 1
                await clock.sleep(self.rng.uniform(*self._gap_s))

    def message(self, symbol: Symbol) -> bytes:
        """What is sent for it."""
        said = (symbol.aim if self._aim else "") + symbol.sent
        return ((STX + said + ETX if self._stx else said) + END).encode()

    def _say(self, kind: str, symbol: Symbol) -> None:
        faults = self.faults.rolled(self.rng)
        sending = spoil(self.message(symbol), faults, {"cut": self._cut}, self.rng)
        pieces = sending.pieces * (2 if "doubled" in faults else 1)

        def said(sent: bool) -> None:
            self.world.truth.write(
                self.port,
                "scan",
                kind=kind,
                code=symbol.code,
                delivered=sent and sending.intact,
                **touched(faults),
            )

        self.outbox.send(pieces, said)

    def _cut(self, message: bytes) -> bytes:
        """Its end, and what stands before it, get lost."""
        return message[: self.rng.randrange(1, len(message) - len(END))]
