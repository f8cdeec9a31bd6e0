"""Where an InfluxDB uplink writes; apart from it, so that its library is loaded only where it is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Store:
    """Where the points go. ca: the only authority to trust; None: those of the system."""

    gateway: str
    url: str
    org: str
    bucket: str
    token: str = field(repr=False)
    ca: Path | None = None
    catch_up_bytes_per_s: float | None = None
