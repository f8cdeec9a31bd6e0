"""Where an MQTT uplink publishes, and under which topics (DESIGN §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge.journal.block import Block, Lane


@dataclass(frozen=True, slots=True)
class Target:
    """A broker and this gateway's name there.

    root: the topics' first level. ca: the only authority to trust; None: those of the system. cert, key: this
    gateway's own, where the broker asks for one. version: of MQTT; under 3.1.1 an acknowledgement is weak.
    holds, commands: whether the hold list and the commands are subscribed to. catch_up_bytes_per_s: how fast
    a backlog of telemetry may drain; None: as fast as it goes.
    """

    host: str
    port: int
    gateway: str
    root: str = "tagtrail"
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    version: Literal["5", "3.1.1"] = "5"
    keepalive_s: float = 30.0
    holds: bool = False
    commands: bool = False
    catch_up_bytes_per_s: float | None = None

    @property
    def client_id(self) -> str:
        """One for each gateway: a second box that uses it is a cloned card."""
        return f"{self.root}-{self.gateway}"

    @property
    def weak(self) -> bool:
        """Whether a broker may answer success to a publish that it refused."""
        return self.version == "3.1.1"

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def status_topic(self) -> str:
        return self._topic("status")

    @property
    def holds_topic(self) -> str:
        """One list for all gateways below this root."""
        return f"{self.root}/holds"

    @property
    def commands_topic(self) -> str:
        """Of every verb."""
        return self._topic("do", "+")

    def answer_topic(self, verb: str) -> str:
        return self._topic("done", verb)

    @property
    def seals_topic(self) -> str:
        """Of every lane."""
        return self._topic("seal", "+")

    def seal_topic(self, lane: Lane) -> str:
        return self._topic("seal", lane)

    def live_topic(self, device: str) -> str:
        return self._topic("live", device)

    def block_topic(self, block: Block) -> str:
        if block.lane is Lane.RECORDS:
            return self._topic("records", block.kind)
        return self._topic("telemetry")

    def _topic(self, *levels: str) -> str:
        return "/".join((self.root, self.gateway, *levels))
