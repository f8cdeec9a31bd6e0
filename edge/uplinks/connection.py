"""One connection to a broker: paho-mqtt on the asyncio loop, from CONNECT to its end.

A new paho client for each connection, so that paho has nothing of its own to send again; our window decides
what is sent, our timers when the broker has been silent for too long.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import UplinkDown
from edge.recorders.hold_list import MOST_BYTES
from edge.uplinks.live import publish_packet
from edge.uplinks.reasons import ConnectionLostError, ConnectRefusedError, End, reason_name
from edge.uplinks.target import Target
from edge.uplinks.trust import expect_trusted, failed, tls_context
from edge.uplinks.wire import Wire

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

log = logging.getLogger(__name__)

CONNECT_S: Final = 10.0
"""For names, TCP and TLS together; and once more for the broker's CONNACK."""

PUBACK_MOST_S: Final = 20.0
"""A broker that acknowledges nothing for so long, or for two keepalives, is taken as gone; and a line that
takes nothing. What is slow and moves is not gone: time runs from the arrival of what is to be answered."""

LEAVE_S: Final = 1.0
"""For the broker to close a connection that we have ended."""

PUBLISH_OVERHEAD: Final = 1 + 4 + 2 + 2 + 1
"""Of a QoS 1 PUBLISH: type, remaining length, the topic's length, packet identifier, no properties."""

HEARD_BYTES_MOST: Final = MOST_BYTES + 1024 * 1024
"""Of one packet, and so of memory: a broker of MQTT 5 keeps back what is larger than any hold list."""

KEEP_ALIVE_TIMEOUT: Final = 0x8D
UNLIMITED: Final = 0xFFFF
"""The Receive Maximum of a broker that states none."""

Answered: TypeAlias = Callable[[int], None]
"""Called with the reason code of a PUBACK."""


class Heard(NamedTuple):
    """What was published on a topic that is subscribed to. retained: it lay there before."""

    topic: str
    payload: bytes
    retained: bool


class _Sent(NamedTuple):
    """A QoS 1 message. end: the place of its last byte among all that was written."""

    answered: Answered
    end: int


class _Client(Client):
    """paho on a connection that exists already: ``Client.connect`` would open one and block the loop."""

    def __init__(self, target: Target, wire: Wire) -> None:
        mqtt5 = target.version == "5"
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=target.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._wire = wire
        self.max_inflight_messages_set(0)
        self.username_pw_set(target.username, target.password)

    def _create_socket(self) -> SocketLike:
        return self._wire


class Connection:
    """An MQTT session. All of it runs on the event loop; nothing blocks."""

    def __init__(self, target: Target, wire: Wire, will: bytes | None) -> None:
        loop = asyncio.get_running_loop()
        self._target = target
        self._wire = wire
        self._connack: asyncio.Future[ReasonCode] = loop.create_future()
        self._lost: asyncio.Future[ConnectionLostError] = loop.create_future()
        self._answers: dict[int, _Sent] = {}
        self._subscribed: dict[int, Answered] = {}
        self._answer = asyncio.Event()
        self._heard_s = self._moved_s = monotonic()
        self._arrived = 0
        self._shown_end = 0
        self._puback_s = min(PUBACK_MOST_S, 2 * target.keepalive_s)
        self._receive_maximum = UNLIMITED
        self._packet_most: int | None = None
        self._client = _Client(target, wire)
        if will is not None:
            self._client.will_set(target.status_topic, will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        wire.listen(self._read)

    @classmethod
    async def open(cls, target: Target, will: bytes | None = None) -> Connection:
        """A connection that the broker has accepted. Raises UplinkDown, ConnectRefusedError.

        will: what the broker publishes, retained, on the status topic should this gateway vanish.
        """
        connection = cls(target, await _open_wire(target), will)
        try:
            await connection._introduce()
        except BaseException:
            await connection.drop()
            raise
        return connection

    async def _introduce(self) -> None:
        keepalive_s = max(1, round(self._target.keepalive_s))
        if self._target.version == "5":
            said = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho gives it no types
            said.MaximumPacketSize = HEARD_BYTES_MOST
            self._client.connect(
                self._target.host, self._target.port, keepalive_s, clean_start=True, properties=said
            )
        else:
            self._client.connect(self._target.host, self._target.port, keepalive_s)
        done, _ = await asyncio.wait(
            (self._connack, self._lost), timeout=CONNECT_S, return_when=asyncio.FIRST_COMPLETED
        )
        where = self._target.address
        if self._connack in done:
            reason = self._connack.result()
            if reason.is_failure:
                raise ConnectRefusedError(where, reason.value)
        elif self._lost in done:
            if self._target.tls:
                expect_trusted(self._wire.error, where)
            hint = "" if self._target.weak else '; if the broker knows no MQTT 5, write version: "3.1.1"'
            raise UplinkDown(f"{self._lost.result()}, before it was accepted{hint}")
        else:
            raise UplinkDown(f"{where} did not answer CONNECT in {CONNECT_S:.0f} s; is it an MQTT broker?")

    @property
    def receive_maximum(self) -> int:
        """How many QoS 1 messages the broker takes before it has acknowledged the first."""
        return self._receive_maximum

    @property
    def has_room(self) -> bool:
        """Whether one more QoS 1 message may be sent now."""
        return len(self._answers) < self._receive_maximum

    def fits(self, topic: str, payload: bytes) -> bool:
        """Whether the broker takes messages of this size."""
        if self._packet_most is None:
            return True
        return PUBLISH_OVERHEAD + len(topic.encode()) + len(payload) <= self._packet_most

    def publish(self, topic: str, payload: bytes, answered: Answered, *, retain: bool = False) -> None:
        """Sends at QoS 1. ``answered`` is called unless the connection is lost first.

        Raises ConnectionLostError.
        """
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lose(info.rc.name, End.BROKEN)
            raise self._lost.result()
        if not self._answers:
            self._heard_s = monotonic()
        self._answers[info.mid] = _Sent(answered, self._wire.written)

    async def ask(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Sends at QoS 1. Returns the reason code of the answer. Raises ConnectionLostError."""
        codes: list[int] = []
        self.publish(topic, payload, codes.append, retain=retain)
        while not codes:
            await self._next_answer()
        return codes[0]

    def subscribe(self, topics: str, heard: Callable[[Heard], None], answered: Answered) -> None:
        """``heard`` is told what is published there, and at once what is retained.

        ``answered`` is called with the broker's reason code: a refusal, or the QoS that it grants.
        """
        self._client.message_callback_add(
            topics,
            lambda _client, _userdata, message: heard(
                Heard(message.topic, bytes(message.payload), message.retain)
            ),
        )
        _, mid = self._client.subscribe(topics, qos=1)
        if mid is not None:
            self._subscribed[mid] = answered

    def show(self, topic: str, payload: bytes) -> bool:
        """Sends at QoS 0, retained; False where the broker takes no message of this size, or is gone."""
        if not self._wire.is_open or not self.fits(topic, payload):
            return False
        self._wire.send(publish_packet(topic, payload, mqtt5=self._target.version == "5"))
        self._shown_end = self._wire.written
        return True

    @property
    def is_congested(self) -> bool:
        """Whether what was shown last is still on its way: live values then wait for newer ones."""
        return self._wire.arrived < self._shown_end

    def tick(self) -> None:
        """Sends pings and gives up a broker that has gone silent; to be called at least each second."""
        now_s, before = monotonic(), self._arrived
        self._arrived = self._wire.arrived
        on_its_way = self._arrived < self._wire.written
        if not on_its_way:
            self._client.loop_misc()  # a ping behind a queue would be late however well the broker is
        if self._arrived > before or not on_its_way:
            self._moved_s = now_s
        if self._answers and self._arrived > before and before < next(iter(self._answers.values())).end:
            self._heard_s = now_s
        if self._answers and now_s - self._heard_s > self._puback_s:
            self._lose(f"no PUBACK for {self._puback_s:.0f} s", End.GIVEN_UP)
        elif now_s - self._moved_s > self._puback_s:
            self._lose(f"the network takes nothing for {self._puback_s:.0f} s", End.GIVEN_UP)

    async def until_lost(self) -> None:
        """Raises ConnectionLostError once the connection is gone."""
        raise await asyncio.shield(self._lost)

    async def farewell(self, status: bytes) -> None:
        """Waits for the broker's last answers, leaves ``status`` behind and disconnects without the will.

        Raises ConnectionLostError.
        """
        while not self.has_room:
            await self._next_answer()
        self.publish(self._target.status_topic, status, lambda _: None, retain=True)
        while self._answers:
            await self._next_answer()
        await self.leave()

    async def leave(self) -> None:
        """Disconnects without the will. Raises ConnectionLostError where that has happened already."""
        if self._lost.done():
            raise self._lost.result()
        self._client.on_disconnect = None
        self._client.disconnect()
        await asyncio.wait((self._wire.closed,), timeout=LEAVE_S)

    async def drop(self) -> None:
        """Ends the connection at once, whatever its state."""
        self._lose("given up", End.GIVEN_UP)
        await asyncio.wait((self._wire.closed,))

    async def _next_answer(self) -> None:
        if self._lost.done():
            raise self._lost.result()
        self._answer.clear()
        await self._answer.wait()

    def _read(self) -> None:
        while self._wire.pending and self._client.socket() is not None:
            self._client.loop_read()
        if self._wire.error is not None:
            self._lose(str(self._wire.error), End.BROKEN)
        elif self._wire.closed.done():
            self._lose("closed by the broker", End.CLOSED)

    def _lose(self, why: str, end: End, code: int | None = None) -> None:
        if not self._lost.done():
            message = f"connection to {self._target.address} lost: {why}"
            self._lost.set_result(ConnectionLostError(message, end, code))
        self._answer.set()
        self._wire.abort()

    def _on_connect(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        said: Properties | None,
    ) -> None:
        self._receive_maximum = getattr(said, "ReceiveMaximum", UNLIMITED)
        self._packet_most = getattr(said, "MaximumPacketSize", None)
        self._connack.set_result(reason)

    def _on_publish(
        self, client: Client, userdata: object, mid: int, reason: ReasonCode, said: Properties | None
    ) -> None:
        self._heard_s = monotonic()
        self._answer.set()
        self._answers.pop(mid).answered(reason.value)

    def _on_subscribe(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        said: Properties | None,
    ) -> None:
        self._subscribed.pop(mid)(reasons[0].value)

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        said: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._lose(f"the broker says {reason_name(reason.value)}", End.DISMISSED, reason.value)
        elif reason.value == KEEP_ALIVE_TIMEOUT:
            self._lose("no answer to a ping", End.GIVEN_UP)
        elif not self._wire.closed.done():
            self._lose(reason.getName(), End.BROKEN)


async def _open_wire(target: Target) -> Wire:
    """Raises UplinkDown."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_S):
            context = await _tls(target)
            _, wire = await loop.create_connection(
                lambda: Wire(loop), target.host, target.port, ssl=context, happy_eyeballs_delay=0.25
            )
    except TimeoutError as error:
        raise UplinkDown(
            f"no connection to {target.address} in {CONNECT_S:.0f} s; is the network up?"
        ) from error
    except (ssl.SSLError, ConnectionResetError) as error:
        raise failed(error, target.address) from error
    except OSError as error:
        raise UplinkDown(f"cannot connect to {target.address}: {error}") from error
    return wire


async def _tls(target: Target) -> ssl.SSLContext | None:
    """None: the connection is not encrypted. Raises NoTrustError."""
    if not target.tls:
        return None
    return await asyncio.to_thread(tls_context, target.ca, target.cert, target.key)
