"""The uplinks of this gateway and their cursors, as the settings have them now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from edge import wiring
from edge.errors import JournalError
from edge.journal.store import Journal
from edge.own_records import OwnRecords
from edge.running import Running
from edge.settings import Settings
from edge.uplinks.contract import Uplink
from edge.uplinks.mqtt import MqttUplink, Target
from edge.uplinks.store import Store

log = logging.getLogger(__name__)

ToBroker: TypeAlias = Callable[[str, Target], MqttUplink]
"""Makes the uplink of this name."""


class FarSide(NamedTuple):
    """What an uplink delivers to, its secret read. start: where a new one begins."""

    where: Target | Store
    start: Literal["oldest", "now"]


def far_sides(settings: Settings) -> dict[str, FarSide]:
    """By uplink. Secrets are read now. Raises SettingsError."""
    found: dict[str, Target | Store] = {**wiring.targets(settings), **wiring.stores(settings)}
    return {name: FarSide(where, settings.uplinks[name].start) for name, where in found.items()}


async def registered(far: Mapping[str, FarSide], journal: Journal) -> None:
    """A cursor for each uplink; one that has one keeps it. Raises JournalError."""
    for name in far.keys() - journal.uplinks:
        await journal.register(name, far[name].start)


async def given_up(far: Mapping[str, FarSide], journal: Journal, own: OwnRecords) -> None:
    """The cursors of those that are no more, and a record of each. Raises JournalError."""
    backlog: Any = journal.facts()["backlog"]
    for gone in sorted(journal.uplinks - far.keys()):
        await journal.forget(gone)
        own.event("uplink_removed", {"uplink": gone, "backlog": backlog[gone]}, key=f"/{gone}")


class Uplinks:
    """to_broker: makes one to an MQTT broker."""

    def __init__(
        self,
        far: Mapping[str, FarSide],
        journal: Journal,
        own: OwnRecords,
        to_broker: ToBroker,
        running: Running,
    ) -> None:
        self._journal = journal
        self._own = own
        self._to_broker = to_broker
        self._running = running
        self._far = dict(far)
        self.by_name = {name: self._made(name, each) for name, each in far.items()}

    def differing(self, far: Mapping[str, FarSide]) -> set[str]:
        """Those that are no more, or deliver elsewhere or with another secret."""
        return {name for name, each in self._far.items() if name not in far or far[name].where != each.where}

    def begin(self) -> None:
        """Delivers to them all."""
        for name, uplink in self.by_name.items():
            self._running.begin(_task(name), uplink.run())

    def live(self, device: str, payload: bytes) -> None:
        """See ``Uplink.live``."""
        for uplink in self.by_name.values():
            uplink.live(device, payload)

    def answer(self, uplink: str, verb: str, payload: bytes) -> None:
        """See ``Uplink.answer``; whoever asked over one that is no more gets none."""
        if uplink in self.by_name:
            self.by_name[uplink].answer(verb, payload)

    async def change(self, far: Mapping[str, FarSide]) -> None:
        """From now on these, each with its cursor; those that are as they were go on.

        A cursor that cannot be given up now, as the disk is full, is at the next start.
        """
        differing = self.differing(far)
        await self._running.end(_task(name) for name in differing)
        for name in differing:
            del self.by_name[name]
        self._far = dict(far)
        for name in far.keys() - self.by_name.keys():
            self.by_name[name] = self._made(name, far[name])
            self._running.begin(_task(name), self.by_name[name].run())
        try:
            await given_up(far, self._journal, self._own)
        except JournalError as error:
            log.warning("an uplink that is removed keeps its cursor until the next start: %s", error)

    def _made(self, name: str, far: FarSide) -> Uplink:
        if isinstance(far.where, Target):
            return self._to_broker(name, far.where)
        return wiring.to_store(name, far.where, self._journal, self._own)


def _task(uplink: str) -> str:
    return f"uplink {uplink}"
