"""ISO 11784: what the 64 bits of an animal's chip say, and how they become a Code.

::

    bit  63      62 … 60   59 … 55   54 … 50   49    48      47 … 38            37 … 0
         animal  retagged  user      reserved  RUDI  more    country, 10 bits   national number, 38 bits
                                                     data

The country is ISO 3166-1 numeric below 900, a manufacturer's code from 900, 999 for tests. The Code is 15
digits, three of the country and twelve of the national number. A tag's Chinese 15-digit number needs 49 bits
and does not fit into the two fields: it is never what a chip says.

On air the bits go least significant first, and a CRC-16/KERMIT follows them, low byte first.

Sources: proxmark3 client/src/cmdlffdxb.c; ISO 11784:1996 (GB/T 20563-2006).
"""

from __future__ import annotations

from typing import Final

from drivers.contract import Code, Reason, Reject

MAX_COUNTRY: Final = 999
MAX_NATIONAL: Final = (1 << 38) - 1
"""Twelve decimal digits always hold it."""

ID_BYTES: Final = 8
CRC_BYTES: Final = 2


def animal(country: int, national: int) -> Code:
    """The code of an animal. Raises Reject: ``range`` for numbers out of the standard's bounds, ``sentinel``
    for a tag that was never programmed."""
    if not 0 <= country <= MAX_COUNTRY:
        raise Reject(Reason.RANGE, f"country {country}, at most {MAX_COUNTRY}")
    if not 0 <= national <= MAX_NATIONAL:
        raise Reject(Reason.RANGE, f"national number {national}, at most {MAX_NATIONAL}")
    if country == national == 0:
        raise Reject(Reason.SENTINEL, "a blank tag: country 0, number 0")
    return Code("iso11784", f"{country:03d}{national:012d}")


def animal_on_air(data: bytes) -> Code:
    """The code of ten bytes in the order of the air: eight of the chip, two of its CRC.

    Raises Reject: ``checksum`` where the CRC does not fit, else as ``animal``.
    """
    chip, crc = data[:ID_BYTES], int.from_bytes(data[ID_BYTES:], "little")
    if crc_of(chip) != crc:
        raise Reject(Reason.CHECKSUM, f"the chip's own CRC is {crc:04x}, not {crc_of(chip):04x}")
    bits = int.from_bytes(chip, "little")
    return animal(bits >> 38 & 0x3FF, bits & MAX_NATIONAL)


def crc_of(data: bytes) -> int:
    """CRC-16/KERMIT (polynomial 0x1021, reflected, from 0): 0x2189 for ``123456789``."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc
