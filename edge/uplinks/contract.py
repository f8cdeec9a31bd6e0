"""What the gateway asks of an uplink, whatever the far side speaks."""

from __future__ import annotations

from typing import Protocol


class Uplink(Protocol):
    """Delivers one journal to one far side, over as many connections as it takes."""

    async def run(self) -> None:
        """Until cancelled; what was acknowledged is on disk when this returns. Raises JournalError."""

    def live(self, device: str, payload: bytes) -> None:
        """A device's newest readings, to be shown or not. Never blocks."""

    def answer(self, verb: str, payload: bytes) -> None:
        """The answer to a command that came from there."""

    def facts(self) -> dict[str, object]:
        """What `status` shows. Ages and times in seconds, counts since the start."""
