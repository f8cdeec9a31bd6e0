"""A low-frequency ear-tag reader of the WL-134 family at a place where animals pass.

The 30-byte frame, ASCII hex with the least significant digit first::

    02 | national id 10 | country 4 | data '0' | animal '1' | reserved 4 + 6 | XOR | ~XOR | 03 FDX-B, 07 HDX
         bytes 1-10       11-14       15         16           17-26            27    28     29

XOR runs over bytes 1 to 26. Source: Makuna/Rfid134 ``Rfid134.h``; end byte 07: its issue #10.
"""

from __future__ import annotations

import functools
import operator
import random
from collections.abc import Iterator
from typing import ClassVar

from simulators.device import Talker, World
from simulators.faults import OF_MESSAGES, spoil, touched
from simulators.options import Options

STX, ETX_FDXB, ETX_HDX = 0x02, 0x03, 0x07
XOR_AT = 27
NATIONAL_CODES = 1 << 38
COUNTRY_CODES = 1 << 10


def frame(code: str, hdx: bool = False) -> bytes:
    """What the reader sends for an animal's tag.

    code: 15 digits of ISO 11784, 3 of the country and 12 of the national code.
    """
    country, national = int(code[:3]), int(code[3:])
    body = f"{national:010X}"[::-1] + f"{country:04X}"[::-1] + "01" + "0" * 10
    check = functools.reduce(operator.xor, body.encode())
    return bytes((STX, *body.encode(), check, check ^ 0xFF, ETX_HDX if hdx else ETX_FDXB))


def wrong_checksum(message: bytes) -> bytes:
    """The frame with an XOR that does not fit."""
    return message[:XOR_AT] + bytes((message[XOR_AT] ^ 0x15,)) + message[XOR_AT + 1 :]


def is_code(code: object) -> bool:
    """Whether it is 15 digits that fit ISO 11784's two fields."""
    return (
        isinstance(code, str)
        and len(code) == 15
        and code.isdecimal()
        and int(code[:3]) < COUNTRY_CODES
        and int(code[3:]) < NATIONAL_CODES
    )


def flock(county: str, rng: random.Random) -> Iterator[str]:
    """Tags of a county's sheep without end: 156 (China), 0, 3 (sheep), the county, a serial number.

    How the ministry writes its 15-digit tag into the 12 digits of a chip is not published; this is a
    plausible shortening.
    """
    serial = rng.randrange(1, 5000)
    while True:
        yield f"15603{county}{serial % 10000:04}"
        serial += rng.choice((1, 1, 1, 2, 3, 7))


class EarTagReader(Talker):
    """Animals pass at an irregular pace; while one stands in the field its tag is sent again and again.

    Options: ``tags`` (codes in order, over and over; else a flock of ``county``), ``gap`` between animals,
    ``stay`` in the field, ``first`` animal after, ``repeat`` of a frame (in real time), ``hdx`` (share of
    HDX tags).
    """

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {"wrong_crc", "frozen", "unplug"}

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world)
        self._tags = options.items("tags")
        for code in self._tags:
            if not is_code(code):
                raise options.error("tags", f"{code!r} is no 15-digit ISO 11784 code in quotes")
        self._county = options.one("county", str, "622926")
        if len(self._county) != 6 or not self._county.isdecimal():
            raise options.error("county", f"{self._county!r} is no 6-digit code of GB/T 2260 in quotes")
        self._first_s = options.duration("first", "1s")
        self._gap_s = options.span("gap", ("2s", "9s"))
        self._stay_s = options.span("stay", ("400ms", "3s"))
        self._repeat_s = options.duration("repeat", "120ms")
        self._hdx = options.one("hdx", float, 0.2)
        options.done()

    async def run(self) -> None:
        clock = self.world.clock
        await clock.sleep(self._first_s)
        for code in self._animals():
            hdx = self.rng.random() < self._hdx
            until = clock.seconds() + self.rng.uniform(*self._stay_s)
            repeat = 0
            while repeat == 0 or clock.seconds() < until or "frozen" in self.faults.of():
                self._say(code, hdx, repeat)
                repeat += 1
                await clock.sleep(self._repeat_s * clock.speed)
            await clock.sleep(self.rng.uniform(*self._gap_s))

    def _animals(self) -> Iterator[str]:
        if not self._tags:
            yield from flock(self._county, self.rng)
        while True:
            yield from (str(code) for code in self._tags)

    def _say(self, code: str, hdx: bool, repeat: int) -> None:
        faults = self.faults.rolled(self.rng)
        sending = spoil(frame(code, hdx), faults, {"wrong_crc": wrong_checksum}, self.rng)

        def said(sent: bool) -> None:
            self.world.truth.write(
                self.port,
                "tag",
                code=code,
                hdx=hdx,
                repeat=repeat,
                delivered=sent and sending.intact,
                **touched(faults),
            )

        self.outbox.send(sending.pieces, said)
