"""Device files that may be another device after a restart, and the names that stay the same.

The kernel counts adapters in the order in which it finds them. udev lays links beside them: ``by-id`` follows
the adapter into any socket, ``by-path`` names what sits in a socket (systemd's rules 60-serial and
60-persistent-input).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from edge.settings.devices import Port
from edge.settings.findings import Fault

DEV: Final = Path("/dev")

_COUNTED: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(r"/dev/tty(?:USB|ACM)[0-9]+"): "serial",
    re.compile(r"/dev/input/event[0-9]+"): "input",
}
"""The files, and the folder with their links."""


def counted(ports: Mapping[str, Port], dev: Path = DEV) -> Iterator[Fault]:
    """Ports whose device file is one of those, each with the names that point at it today."""
    for name, port in ports.items():
        for files, folder in _COUNTED.items():
            if files.fullmatch(port.wire):
                where = ("ports", name, port.kind)
                stable = " / ".join(names(port.wire, folder, dev))
                if stable:
                    yield Fault(where, "counted", {"value": port.wire, "stable": stable})
                else:
                    yield Fault(where, "counted_unnamed", {"value": port.wire, "folder": f"/dev/{folder}"})


def names(wire: str, folder: str, dev: Path = DEV) -> Iterator[str]:
    """Those below ``folder`` that point at the device now, by-id first; without udev there are none."""
    device = os.path.realpath(dev / Path(wire).relative_to(DEV))
    for kind in ("by-id", "by-path"):
        links = dev / folder / kind
        for link in sorted(links.iterdir()) if links.is_dir() else ():
            if os.path.realpath(link) == device:
                yield str(DEV / link.relative_to(dev))
