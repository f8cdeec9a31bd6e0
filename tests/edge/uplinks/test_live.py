"""Live values: the newest of each device, not too often, in bytes that MQTT's own library agrees with."""

from __future__ import annotations

from itertools import pairwise

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.uplinks.live import INTERVAL_S, Newest, publish_packet


def test_the_first_value_is_shown_at_once_and_the_next_after_the_interval() -> None:
    newest = Newest()
    newest.offer("chiller-1-air", b"3.4")
    assert newest.wait_s(100.0) == 0
    assert newest.take(100.0) == {"chiller-1-air": b"3.4"}
    newest.offer("chiller-1-air", b"3.5")
    assert newest.wait_s(100.1) == pytest.approx(INTERVAL_S - 0.1)
    assert newest.wait_s(100.0 + INTERVAL_S) == 0
    assert newest.take(100.0 + INTERVAL_S) == {"chiller-1-air": b"3.5"}
    assert newest.wait_s(101.0) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 0.5)), max_size=60))
def test_the_trailing_newest_is_always_shown(offers: list[tuple[str, float]]) -> None:
    newest, now_s = Newest(), 0.0
    beats: list[tuple[float, dict[str, bytes]]] = []

    def show() -> None:
        if newest.wait_s(now_s) == 0:
            beats.append((now_s, newest.take(now_s)))

    for number, (device, pause_s) in enumerate(offers):
        newest.offer(device, b"%d" % number)
        show()
        now_s += pause_s
    now_s += INTERVAL_S
    show()
    last = {device: b"%d" % number for number, (device, _) in enumerate(offers)}
    assert {device: payload for _, shown in beats for device, payload in shown.items()} == last
    assert sum(len(shown) for _, shown in beats) + newest.replaced == len(offers)
    assert all(later - earlier >= INTERVAL_S * 0.999 for (earlier, _), (later, _) in pairwise(beats))


class _Tape:
    """A socket that keeps what paho writes."""

    def __init__(self) -> None:
        self.written = b""
        self.to_read = bytes.fromhex("2003000000")

    def recv(self, buffer_size: int) -> bytes:
        if not self.to_read:
            raise BlockingIOError
        piece, self.to_read = self.to_read[:buffer_size], self.to_read[buffer_size:]
        return piece

    def send(self, buffer: bytes | bytearray) -> int:
        self.written += buffer
        return len(buffer)

    def close(self) -> None: ...

    def fileno(self) -> int:
        return -1

    def setblocking(self, flag: bool) -> None: ...


class _Taped(paho.Client):
    def __init__(self, protocol: MQTTProtocolVersion) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id="c", protocol=protocol)
        self.tape = _Tape()

    def _create_socket(self) -> _Tape:
        return self.tape


@pytest.mark.parametrize("payload_bytes", [0, 1, 100, 127, 128, 16_383, 16_384, 2_097_152])
@pytest.mark.parametrize("mqtt5", [True, False])
@pytest.mark.parametrize("topic", ["t/g/live/chiller-1-air", "追溯/东乡/live/耳标"])
def test_the_bytes_are_those_that_paho_would_send(topic: str, mqtt5: bool, payload_bytes: int) -> None:
    client = _Taped(MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311)
    client.connect("unused")
    client.tape.written = b""
    payload = b"x" * payload_bytes
    client.publish(topic, payload, qos=0, retain=True)
    assert publish_packet(topic, payload, mqtt5=mqtt5) == client.tape.written
