"""What the demo shows: each device's newest value, and how far its observations have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from edge import show
from edge.demo.site import Site
from edge.demo.tally import Tally
from edge.messages import Lang, text

COUNTS: Final = ("observed", "journalled", "acknowledged")
UPLINK: Final = "platform"


class Stage:
    """One site as the audience sees it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.devices: Mapping[str, Any] = {}
        self.tally = Tally(site.settings.journal.path, UPLINK)

    async def look(self) -> None:
        """Asks the gateway and reads the journal."""
        status = await self.site.status()
        if status is not None:
            self.devices = status["devices"]
        self.tally.count()

    @property
    def delivered(self) -> bool:
        """Whether the broker has acknowledged all that is journalled."""
        return self.tally.journalled.total() == self.tally.acknowledged.total() > 0

    def counts(self, device: str) -> tuple[int, int, int]:
        """Observed, journalled, acknowledged."""
        observed = self.devices.get(device, {}).get("observed", 0)
        return observed, self.tally.journalled[device], self.tally.acknowledged[device]


def table(stages: Sequence[Stage], lang: Lang) -> Table:
    """The live picture."""
    shown = Table(*(text(lang, f"demo.{name}") for name in ("device", "driver", "says")), box=SIMPLE_HEAD)
    for name in COUNTS:
        shown.add_column(text(lang, f"demo.{name}"), justify="right", no_wrap=True)
    for stage in stages:
        gateway = stage.site.settings.gateway
        shown.add_row(f"{gateway.site.name} · {gateway.id}", style="bold")
        for name, device in stage.site.settings.devices.items():
            points = stage.devices.get(name, {}).get("points", {})
            says = "\n".join(show.value(item, lang) for item in list(points.values())[:2])
            counts = (str(count) for count in stage.counts(name))
            shown.add_row("  " + (device.name or name), device.driver, says, *counts)
    return shown


def summary(stages: Sequence[Stage]) -> dict[str, Any]:
    """Per kind of device: how much was observed, journalled, acknowledged; ok if every kind got through."""
    kinds: dict[str, dict[str, int]] = {}
    for stage in stages:
        for name, device in stage.site.settings.devices.items():
            kind = kinds.setdefault(device.driver, dict.fromkeys(("devices", *COUNTS), 0))
            kind["devices"] += 1
            for count, value in zip(COUNTS, stage.counts(name), strict=True):
                kind[count] += value
    return {"ok": all(kind["acknowledged"] for kind in kinds.values()), "kinds": kinds}


def summary_table(facts: Mapping[str, Any], lang: Lang) -> Table:
    """The summary for people."""
    shown = Table(*(text(lang, f"demo.{name}") for name in ("driver", "devices", *COUNTS, "through")))
    for kind, counts in facts["kinds"].items():
        mark = "✔" if counts["acknowledged"] else "✘"
        shown.add_row(kind, *(str(count) for count in counts.values()), mark)
    return shown
