"""A broker that answers as a test says: what a real one does once in a bad year."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeAlias

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14


class Publish(NamedTuple):
    """A PUBLISH as it came in. mid: 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    mid: int


class Close(NamedTuple):
    """An answer: the connection ends. reason: the code of a DISCONNECT first; None: just closed."""

    reason: int | None = None


SILENCE: Final = None
"""An answer: none."""

Answer: TypeAlias = int | Close | None
"""To a PUBLISH at QoS 1: the reason code of its PUBACK, or worse."""


class ScriptedBroker:
    """Speaks just enough MQTT 5 to one client at a time.

    answer: decides on each QoS 1 publish but the status, which is always taken. connack: the reason code.
    suback: the same for a subscription. properties: of the CONNACK, encoded. delay_s: before a PUBACK.
    """

    def __init__(self, answer: Callable[[Publish], Answer] = lambda _: 0, *, connack: int = 0) -> None:
        self.answer = answer
        self.connack = connack
        self.suback = 1
        self.subscribed = 0
        self.properties = b""
        self.delay_s = 0.0
        self.port = 0
        self.connections = 0
        self.published: list[Publish] = []
        self.shown: list[Publish] = []
        self.pings = 0
        self.unanswered = 0
        self.unanswered_most = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.unanswered = 0
        try:
            while True:
                first, body = await _packet(reader)
                await self._react(first, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _react(self, first: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        kind = first >> 4
        if kind == CONNECT:
            self.connections += 1
            properties = bytes((len(self.properties),)) + self.properties
            writer.write(bytes((CONNACK << 4, 2 + len(properties), 0, self.connack)) + properties)
            if self.connack:
                await writer.drain()
                raise ConnectionResetError
        elif kind == PUBLISH:
            publish = self._parse(first, body)
            if not publish.qos:
                self.shown.append(publish)
                return
            self.unanswered += 1
            self.unanswered_most = max(self.unanswered_most, self.unanswered)
            if publish.topic.endswith("/status"):
                self.shown.append(publish)
                self._answer_later(publish, 0, writer)
            else:
                await self._decide(publish, writer)
        elif kind == SUBSCRIBE:
            self.subscribed += 1
            writer.write(bytes((SUBACK << 4, 4)) + body[:2] + bytes((0, self.suback)))
        elif kind == PINGREQ:
            self.pings += 1
            writer.write(bytes((PINGRESP << 4, 0)))

    async def _decide(self, publish: Publish, writer: asyncio.StreamWriter) -> None:
        self.published.append(publish)
        answer = self.answer(publish)
        if isinstance(answer, Close):
            if answer.reason is not None:
                writer.write(bytes((DISCONNECT << 4, 2, answer.reason, 0)))
                await writer.drain()
            raise ConnectionResetError
        if answer is not SILENCE:
            self._answer_later(publish, answer, writer)

    def _answer_later(self, publish: Publish, code: int, writer: asyncio.StreamWriter) -> None:
        def answer() -> None:
            self.unanswered -= 1
            writer.write(bytes((PUBACK << 4, 2 + len(reason))) + publish.mid.to_bytes(2) + reason)

        reason = bytes((code,)) if code else b""
        asyncio.get_running_loop().call_later(self.delay_s, answer)

    def _parse(self, first: int, body: bytes) -> Publish:
        qos = first >> 1 & 3
        end = 2 + int.from_bytes(body[:2])
        topic = body[2:end].decode()
        mid = int.from_bytes(body[end : end + 2]) if qos else 0
        end += 2 if qos else 0
        assert body[end] == 0, "a publish carries no properties"
        return Publish(topic, body[end + 1 :], qos, bool(first & 1), mid)


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return first, await reader.readexactly(length)
