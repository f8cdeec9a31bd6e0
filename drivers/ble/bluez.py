"""An adapter as BlueZ shows it on the system's D-Bus: is it there, is it on, what does it remember.

A connection of its own beside bleak's, which sees nothing of the air and costs nothing while nothing happens.
Source: BlueZ, ``doc/org.bluez.Adapter.rst``, ``doc/org.bluez.Device.rst``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType, Variant, unpack_variants
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from drivers.contract import LinkDown

BLUEZ: Final = "org.bluez"
ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
DAEMON: Final = "org.freedesktop.DBus"

ANSWER_S: Final = 10.0
"""An adapter that is switched on answers within 2 s; bluetoothd that hangs, never."""

BUS_FAILURES: Final = (OSError, EOFError, DBusFastError)
"""What dbus-fast raises where the bus is not there, or not any more."""

_WHAT_TO_DO: Final = {
    "org.freedesktop.DBus.Error.ServiceUnknown": "start it: systemctl start bluetooth",
    "org.freedesktop.DBus.Error.NameHasNoOwner": "start it: systemctl start bluetooth",
    "org.freedesktop.DBus.Error.AccessDenied": "add the gateway's user to the group bluetooth",
    "org.bluez.Error.Blocked": "it is blocked: rfkill unblock bluetooth",
}


class Adapter:
    """``async with``: connected to the bus, and hearing what becomes of the adapter. name: ``hci0``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path = f"/org/bluez/{name}"
        self._objects: Mapping[str, Mapping[str, Any]] = {}
        self._cycling = False

    async def __aenter__(self) -> Adapter:
        """Raises LinkDown where there is no bus, no BlueZ or no such adapter."""
        self._gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        try:
            self._bus = MessageBus(bus_type=BusType.SYSTEM)
            try:
                await self._connect()
            except BaseException:
                self._bus.disconnect()
                raise
        except BUS_FAILURES as error:
            raise LinkDown(f"no system D-Bus ({error}): systemctl start dbus") from error
        self._watching = asyncio.ensure_future(self._watch_bus())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()
        await self._watching

    async def gone(self) -> None:
        """Returns never. Raises LinkDown when the adapter, BlueZ or the bus is there no more."""
        raise LinkDown(await self._gone)

    async def switch_on(self) -> None:
        """Raises LinkDown."""
        if not self._objects[self._path][ADAPTER].get("Powered"):
            await self._power(True)

    async def power_cycle(self) -> None:
        """Off and on again. Raises LinkDown."""
        self._cycling = True
        try:
            await self._power(False)
            await self._power(True)
        finally:
            self._cycling = False

    def remembered(self, address: str) -> Mapping[str, Any]:
        """What BlueZ knew of a device when this was opened; empty: nothing."""
        found: Mapping[str, Any] = self._objects.get(self._device(address), {}).get(DEVICE, {})
        return found

    async def let_go(self, address: str) -> None:
        """Ends a connection that a gateway before this one has left behind: its device would say nothing."""
        if self.remembered(address).get("Connected"):
            await self._call(self._device(address), DEVICE, "Disconnect")

    def _device(self, address: str) -> str:
        return f"{self._path}/dev_{address.replace(':', '_')}"

    async def _connect(self) -> None:
        async with asyncio.timeout(ANSWER_S):
            await self._bus.connect()
        self._bus.add_message_handler(self._heard)
        for rule in (
            f"sender='{DAEMON}',interface='{DAEMON}',member='NameOwnerChanged',arg0='{BLUEZ}'",
            f"sender='{BLUEZ}',interface='{OBJECTS}',member='InterfacesRemoved',arg0path='{self._path}'",
            f"sender='{BLUEZ}',interface='{PROPERTIES}',member='PropertiesChanged',path='{self._path}'",
        ):
            await self._call(
                "/org/freedesktop/DBus", DAEMON, "AddMatch", "s", f"type='signal',{rule}", to=DAEMON
            )
        self._objects = unpack_variants(await self._call("/", OBJECTS, "GetManagedObjects"))
        if ADAPTER not in self._objects.get(self._path, {}):
            there = sorted(path.rpartition("/")[2] for path, of in self._objects.items() if ADAPTER in of)
            raise LinkDown(
                f"no Bluetooth adapter {self._name}; there is {', '.join(there) or 'none'}: "
                "plug it in, or look with bluetoothctl list"
            )

    async def _power(self, on: bool) -> None:
        await self._call(self._path, PROPERTIES, "Set", "ssv", ADAPTER, "Powered", Variant("b", on))

    async def _call(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        *body: object,
        to: str = BLUEZ,
    ) -> Any:
        """The first value of the reply. Raises LinkDown."""
        message = Message(to, path, interface, member, signature=signature, body=list(body))
        try:
            async with asyncio.timeout(ANSWER_S):
                reply = await self._bus.call(message)
        except TimeoutError:
            raise LinkDown(
                f"BlueZ did not answer {member} within {ANSWER_S:g} s: systemctl restart bluetooth"
            ) from None
        except BUS_FAILURES as error:
            raise LinkDown(f"the system D-Bus went away ({error})") from error
        if reply.message_type is MessageType.ERROR:
            error_name = reply.error_name or ""
            what_to_do = _WHAT_TO_DO.get(error_name, "see journalctl -u bluetooth")
            raise LinkDown(f"BlueZ refuses {member} on {self._name} ({error_name}): {what_to_do}")
        return reply.body[0] if reply.body else None

    async def _watch_bus(self) -> None:
        with contextlib.suppress(*BUS_FAILURES):  # how it ended makes no difference
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # of dbus-fast
        self._ended("the system D-Bus went away: systemctl start dbus")

    def _heard(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        match message.member:
            case "NameOwnerChanged" if message.body[0] == BLUEZ:
                self._ended("BlueZ went away or was started anew: systemctl status bluetooth")
            case "InterfacesRemoved" if message.body[0] == self._path and ADAPTER in message.body[1]:
                self._ended(f"the Bluetooth adapter {self._name} was removed: plug it in again")
            case "PropertiesChanged" if message.path == self._path and message.body[0] == ADAPTER:
                powered = message.body[1].get("Powered")
                if powered is not None and not powered.value and not self._cycling:
                    self._ended(f"somebody switched the Bluetooth adapter {self._name} off")

    def _ended(self, why: str) -> None:
        if not self._gone.done():
            self._gone.set_result(why)
