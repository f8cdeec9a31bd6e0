"""The newest value of each device: shown at once, and allowed to be lost (DESIGN §6). Pure."""

from __future__ import annotations

import struct
from typing import Final

INTERVAL_S: Final = 0.2
"""A device is shown at most this often: people see no difference, and each trip to the network costs CPU."""

PUBLISH_QOS0_RETAINED: Final = 0x31


class Newest:
    """What is still to be shown: of each device the newest. All that waits is shown together, on a beat."""

    def __init__(self) -> None:
        self._waiting: dict[str, bytes] = {}
        self._shown_s = float("-inf")
        self.replaced = 0
        """Values that a newer one of the same device overtook before they were shown."""

    def offer(self, device: str, payload: bytes) -> None:
        if device in self._waiting:
            self.replaced += 1
        self._waiting[device] = payload

    def wait_s(self, now_s: float) -> float | None:
        """How long until something may be shown; None: nothing waits."""
        return max(0.0, self._shown_s + INTERVAL_S - now_s) if self._waiting else None

    def take(self, now_s: float) -> dict[str, bytes]:
        """What waits, by device; it is then taken as shown."""
        shown, self._waiting = self._waiting, {}
        self._shown_s = now_s
        return shown


def publish_packet(topic: str, payload: bytes, *, mqtt5: bool) -> bytes:
    """An MQTT PUBLISH of QoS 0, retained: at a tenth of what it costs through paho and its objects.

    ::

        31 | remaining length, 1-4 x 7 bits | topic length, 2 | topic | 00, MQTT 5: no properties | payload
    """
    name = topic.encode()
    head = struct.pack("!H", len(name)) + name + (b"\0" if mqtt5 else b"")
    packet = bytearray((PUBLISH_QOS0_RETAINED,))
    remaining = len(head) + len(payload)
    while remaining > 0x7F:
        packet.append(remaining & 0x7F | 0x80)
        remaining >>= 7
    packet.append(remaining)
    return bytes(packet) + head + payload
