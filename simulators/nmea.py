"""The sentences of a satellite receiver: RMC, GGA, VTG, ZDA, and at times GSA and GSV.

    $GNRMC,031408.00,A,3539.81600,N,10323.36400,E,27.603,81.0,221126,,,A*42\\r\\n

Talker (GN several systems, GP GPS, BD BeiDou as the Chinese standard spells it), type, fields, and the XOR of
all characters between ``$`` and ``*`` in two hex digits. Pure: a fix in, bytes out.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

KNOT = 1852 / 3600
"""In m/s."""

SYSTEMS: dict[str, tuple[str, ...]] = {"GN": ("GP", "BD"), "GP": ("GP",), "BD": ("BD",)}
"""The talkers, and whose satellites each one reports."""


class Satellite(NamedTuple):
    """One in view. elevation and azimuth in degrees, signal in dB-Hz."""

    system: str
    number: int
    elevation: int
    azimuth: int
    signal: int


class Epoch(NamedTuple):
    """What the receiver knows at one instant. Degrees, m, m/s."""

    utc: datetime
    valid: bool
    lat: float
    lon: float
    altitude: float
    speed: float
    course: float
    satellites: Sequence[Satellite]


def sentence(talker: str, body: str) -> bytes:
    """With its checksum and line end."""
    text = talker + body
    return f"${text}*{functools.reduce(operator.xor, text.encode()):02X}\r\n".encode()


def wrong_checksum(message: bytes) -> bytes:
    """The sentence with a checksum that does not fit."""
    star = message.rindex(b"*")
    return message[: star + 1] + f"{int(message[star + 1 : star + 3], 16) ^ 0x2B:02X}\r\n".encode()


def angle(degrees: float, width: int, signs: str) -> str:
    """``ddmm.mmmmm,N``. width: of the degrees, 2 for a latitude and 3 for a longitude."""
    whole, minutes = divmod(round(abs(degrees) * 60 * 100_000), 60 * 100_000)
    return f"{whole:0{width}}{minutes / 100_000:08.5f},{signs[degrees < 0]}"


def position(talker: str, epoch: Epoch) -> list[tuple[str, bytes]]:
    """RMC, GGA, VTG and ZDA of an epoch, each with its name."""
    utc = f"{epoch.utc:%H%M%S}.{epoch.utc.microsecond // 10_000:02}"
    place = f"{angle(epoch.lat, 2, 'NS')},{angle(epoch.lon, 3, 'EW')}" if epoch.valid else ",,,"
    knots, course = f"{epoch.speed / KNOT:.3f}", f"{epoch.course:.1f}"
    moving = f"{knots},{course}" if epoch.valid else ","
    used = len(epoch.satellites)
    height = f"{epoch.altitude:.1f},M,-45.0,M" if epoch.valid else ",,,"
    quality = f"1,{used:02},0.9" if epoch.valid else "0,00,"
    over_ground = f"{course},T,,M,{knots},N,{epoch.speed * 3.6:.3f},K,A" if epoch.valid else ",T,,M,,N,,K,N"
    status, mode = ("A", "A") if epoch.valid else ("V", "N")
    return [
        ("RMC", sentence(talker, f"RMC,{utc},{status},{place},{moving},{epoch.utc:%d%m%y},,,{mode}")),
        ("GGA", sentence(talker, f"GGA,{utc},{place},{quality},{height},,")),
        ("VTG", sentence(talker, f"VTG,{over_ground}")),
        ("ZDA", sentence(talker, f"ZDA,{utc},{epoch.utc:%d,%m,%Y},00,00")),
    ]


def sky(talker: str, epoch: Epoch) -> list[tuple[str, bytes]]:
    """GSA and GSV of an epoch, each with its name."""
    said = []
    for system in SYSTEMS[talker]:
        seen = [satellite for satellite in epoch.satellites if satellite.system == system]
        used = [f"{satellite.number:02}" if epoch.valid else "" for satellite in seen[:12]]
        used += [""] * (12 - len(used))
        dilution = "1.6,0.9,1.3" if epoch.valid else ",,"
        said.append(("GSA", sentence(talker, f"GSA,A,{3 if epoch.valid else 1},{','.join(used)},{dilution}")))
        groups = [seen[start : start + 4] for start in range(0, len(seen), 4)]
        for number, group in enumerate(groups, 1):
            rows = ",".join(f"{s.number:02},{s.elevation:02},{s.azimuth:03},{s.signal:02}" for s in group)
            said.append(("GSV", sentence(system, f"GSV,{len(groups)},{number},{len(seen):02},{rows}")))
    return said
