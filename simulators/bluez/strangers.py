"""The crowd: phones, watches and earphones that are nobody's probes and advertise all the same."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from simulators.bluez.advert import Advert

COMPANIES = (0x004C, 0x0006, 0x0075, 0x00E0)
"""Apple, Microsoft, Samsung, Google."""

CHANGES = 4
"""Every fourth advertisement of a stranger carries new data; the others differ in their RSSI alone."""


def crowd(count: int, rng: random.Random) -> Iterator[tuple[Advert, int]]:
    """Advertisements of this many strangers in turn, and the RSSI of each, without end."""
    addresses = [f"C0:DE:00:00:{number >> 8:02X}:{number & 0xFF:02X}" for number in range(count)]
    companies = [rng.choice(COMPANIES) for _ in addresses]
    data = [[rng.randbytes(rng.randint(4, 24)) for _ in range(2)] for _ in addresses]
    adverts = [
        [Advert(address, {company: first}), Advert(address, {company: second})]
        for address, company, (first, second) in zip(addresses, companies, data, strict=True)
    ]
    for lap in itertools.count():
        newest = lap // CHANGES % 2
        for both in adverts:
            yield both[newest], -40 - rng.randrange(50)
