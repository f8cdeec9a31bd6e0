"""What bluetoothd shows on the bus: objects with interfaces and properties, and a signal for every change.

``org.freedesktop.DBus.ObjectManager`` is at ``/``; the interfaces' own methods are entered by those who serve
them. Source: the D-Bus specification, "Standard Interfaces".
"""

from __future__ import annotations

import asyncio
import select
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from dbus_fast import ErrorType, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

NAME = "org.bluez"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
DAEMON = "org.freedesktop.DBus"
LEFT_TO_DBUS_FAST = ("org.freedesktop.DBus.Introspectable", "org.freedesktop.DBus.Peer")

FULL_S = 0.002
"""Until a full socket is looked at again."""

Properties: TypeAlias = dict[str, Variant]
Method: TypeAlias = Callable[[Message], "Message | None"]
"""Answers a call; None: the reply comes later."""

Setter: TypeAlias = Callable[[Message, Variant], Message]


def done(call: Message, signature: str = "", *body: object) -> Message:
    """The reply to a call."""
    return Message.new_method_return(call, signature, list(body))


def refused(call: Message, error: str, text: str) -> Message:
    """One of BlueZ's errors, such as ``NotReady``."""
    return Message.new_error(call, f"org.bluez.Error.{error}", text)


def short_uuid(number: int) -> str:
    """A 16-bit UUID as BlueZ writes it."""
    return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"


class Objects:
    """A connection to the bus that owns ``org.bluez``, and the objects behind it."""

    def __init__(self) -> None:
        self.methods: dict[tuple[str, str], Method] = {}
        """By interface and member."""

        self.setters: dict[tuple[str, str], Setter] = {}
        """By interface and property; all others can only be read."""

        self.client_left: list[Callable[[str], None]] = []
        """Told the unique name of each client that has left the bus."""

        self.client_exported: list[Callable[[str, str, Mapping[str, Properties]], None]] = []
        """Told the unique name, the path and the interfaces of each object that a client has exported."""

        self._bus: MessageBus | None = None
        self._room = select.poll()
        self._outbox: deque[Message] = deque()
        self._flush: asyncio.TimerHandle | None = None
        self._tree: dict[str, dict[str, Properties]] = {}

    @property
    def waiting(self) -> int:
        """How many messages the bus has not taken yet."""
        return len(self._outbox)

    @property
    def on_bus(self) -> bool:
        """Whether ``org.bluez`` is there."""
        return self._bus is not None and self._bus.connected

    async def appear(self, address: str) -> None:
        """Takes the name on this bus, still without any object."""
        bus = await MessageBus(bus_address=address).connect()
        bus.add_message_handler(self._heard)
        self._bus, self._room = bus, select.poll()
        assert bus._fd is not None
        self._room.register(bus._fd, select.POLLOUT)
        self._match(f"sender='{DAEMON}',interface='{DAEMON}',member='NameOwnerChanged'")
        await bus.request_name(NAME)

    async def vanish(self) -> None:
        """As if killed: the name and all objects are gone, and no signal says so."""
        bus, self._bus = self._bus, None
        self._tree.clear()
        self._outbox.clear()
        if self._flush is not None:
            self._flush.cancel()
        if bus is None:
            return
        bus.disconnect()
        ended: Callable[[], Awaitable[None]] = bus.wait_for_disconnect
        try:
            await ended()
        except (OSError, EOFError):
            return  # the bus had gone before us

    def add(self, path: str, interfaces: dict[str, Properties]) -> None:
        """An object appears, or an object's further interfaces."""
        self._tree.setdefault(path, {}).update(interfaces)
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", path, interfaces)

    def remove(self, path: str) -> None:
        """An object is gone that has none below it."""
        interfaces = self._tree.pop(path)
        self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", path, list(interfaces))

    def change(self, path: str, interface: str, changed: Properties, gone: Sequence[str] = ()) -> None:
        """Properties of an object that is there have these values now, or none any more."""
        properties = self._tree[path][interface]
        properties.update(changed)
        for name in gone:
            properties.pop(name, None)
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", interface, changed, list(gone))

    def value(self, path: str, interface: str, name: str) -> Variant | None:
        """Of a property; None where it or its object is not there."""
        return self._tree.get(path, {}).get(interface, {}).get(name)

    def has(self, path: str) -> bool:
        """Whether the object is there."""
        return path in self._tree

    def tell(
        self, client: str, path: str, interface: str, member: str, signature: str, *body: object
    ) -> None:
        """Calls a method of a client's object and wants no answer."""
        self.send(
            Message(
                client, path, interface, member, flags=MessageFlag.NO_REPLY_EXPECTED,
                signature=signature, body=list(body),
            )
        )  # fmt: skip

    def watch(self, client: str) -> None:
        """From here on it is known what this client exports."""
        self._match(f"sender='{client}',interface='{OBJECT_MANAGER}',member='InterfacesAdded'")

    def send(self, message: Message) -> None:
        """A message onto the bus; lost where there is none."""
        if self.on_bus:
            self._outbox.append(message)
            if len(self._outbox) == 1:
                self._send_waiting()

    def _send_waiting(self) -> None:
        """One by one, each when there is room: dbus-fast takes a full socket for a lost one."""
        while self._outbox and self._bus is not None and self._bus.connected:
            if not self._room.poll(0):
                self._flush = asyncio.get_running_loop().call_later(FULL_S, self._send_waiting)
                return
            sent = self._bus.send(self._outbox[0])
            if not sent.done():
                sent.add_done_callback(partial(self._taken, self._bus))
                return
            sent.exception()  # a lost connection is seen as such at the next message
            self._outbox.popleft()

    def _taken(self, bus: MessageBus, sent: asyncio.Future[None]) -> None:
        sent.exception()
        if bus is self._bus:
            self._outbox.popleft()
            self._send_waiting()

    def _match(self, rule: str) -> None:
        self.tell(DAEMON, "/org/freedesktop/DBus", DAEMON, "AddMatch", "s", f"type='signal',{rule}")

    def _signal(self, path: str, interface: str, member: str, signature: str, *body: object) -> None:
        self.send(Message.new_signal(path, interface, member, signature, list(body)))

    def _heard(self, message: Message) -> bool | None:
        if message.message_type is MessageType.SIGNAL:
            self._heard_signal(message)
        elif message.message_type is MessageType.METHOD_CALL:
            if message.interface in LEFT_TO_DBUS_FAST:
                return None
            if (reply := self._answer(message)) is not None:
                self.send(reply)
            return True
        return None

    def _heard_signal(self, signal: Message) -> None:
        if signal.member == "NameOwnerChanged" and signal.body[0].startswith(":") and not signal.body[2]:
            for left in self.client_left:
                left(signal.body[0])
        elif signal.member == "InterfacesAdded" and signal.sender is not None:
            for exported in self.client_exported:
                exported(signal.sender, signal.body[0], signal.body[1])

    def _answer(self, call: Message) -> Message | None:
        if call.interface == OBJECT_MANAGER and call.path == "/":
            return done(call, "a{oa{sa{sv}}}", self._tree)
        if call.path not in self._tree:
            return Message.new_error(call, ErrorType.UNKNOWN_OBJECT, f"no object at {call.path}")
        if call.interface == PROPERTIES:
            return self._property(call)
        if call.interface not in self._tree[call.path]:
            return Message.new_error(call, ErrorType.UNKNOWN_METHOD, f"{call.path} has no {call.interface}")
        method = self.methods.get((call.interface, call.member or ""))
        if method is None:
            return Message.new_error(call, ErrorType.UNKNOWN_METHOD, f"no method {call.member}")
        return method(call)

    def _property(self, call: Message) -> Message:
        properties = self._tree[call.path or ""].get(call.body[0])
        if properties is None:
            return Message.new_error(call, ErrorType.UNKNOWN_INTERFACE, f"{call.path} has no {call.body[0]}")
        if call.member == "GetAll":
            return done(call, "a{sv}", properties)
        name = call.body[1]
        if name not in properties:
            return Message.new_error(call, ErrorType.UNKNOWN_PROPERTY, f"no property {name}")
        if call.member == "Get":
            return done(call, "v", properties[name])
        setter = self.setters.get((call.body[0], name))
        if setter is None:
            return Message.new_error(call, ErrorType.PROPERTY_READ_ONLY, f"{name} can only be read")
        return setter(call, call.body[2])
