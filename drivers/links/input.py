"""A scanner that is a keyboard to Linux: its event device, grabbed so that no console hears what it types."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Protocol

from drivers.contract import LinkDown
from drivers.links.inbox import MOST_BYTES, Inbox
from drivers.links.keys import EVENT, Typing

BY_ID = Path("/dev/input/by-id")
"""Where udev names keyboards by their makers and serial numbers."""


class Keyboard(Protocol):
    """What is needed of ``evdev.InputDevice``: opened, and not blocking."""

    def fileno(self) -> int: ...

    def grab(self) -> None: ...

    def close(self) -> None: ...


class InputLink:
    """An open keyboard. It goes down when it is pulled out."""

    def __init__(self, keyboard: Keyboard, path: str) -> None:
        self._keyboard = keyboard
        self._path = path
        self._descriptor = keyboard.fileno()
        self._typing = Typing()
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox(self._stop_reading, self._start_reading)
        self._start_reading()

    async def read(self) -> bytes:
        return await self._inbox.take()

    def rest(self, seconds: float) -> None:
        self._inbox.rest(seconds)

    async def write(self, data: bytes) -> None:
        """A keyboard hears nothing."""

    def close(self) -> None:
        self._inbox.fail(f"{self._path}: the link was closed")
        self._give_up()

    def _start_reading(self) -> None:
        if self._open:
            self._loop.add_reader(self._descriptor, self._readable)

    def _stop_reading(self) -> None:
        self._loop.remove_reader(self._descriptor)

    def _readable(self) -> None:
        try:
            events = os.read(self._descriptor, MOST_BYTES // EVENT.size * EVENT.size)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(str(error.strerror))
            return
        if not events:
            self._fail("end of file")
        elif typed := self._typing.feed(events):
            self._inbox.put(typed)

    def _fail(self, why: str) -> None:
        self._inbox.fail(f"{self._path}: the scanner is gone ({why}); check its cable")
        self._give_up()

    def _give_up(self) -> None:
        if self._open:
            self._open = False
            self._stop_reading()
            self._keyboard.close()


async def open_input(path: str) -> InputLink:
    """Raises LinkDown, which says what is missing: the library, the device, the permission, or the grab."""
    try:
        evdev = import_module("evdev")
    except ImportError as error:
        raise LinkDown(
            f"{path}: scanners that are keyboards are read by python-evdev, which is not installed; "
            "install the extra tagtrail[input], or that library alone: pip install evdev"
        ) from error
    try:
        return InputLink(await asyncio.to_thread(_grabbed, evdev.InputDevice, path), path)
    except OSError as error:
        raise LinkDown(f"{path}: {await asyncio.to_thread(_advice, error)}") from error


def _grabbed(opened: Callable[[str], Keyboard], path: str) -> Keyboard:
    keyboard = opened(path)
    try:
        keyboard.grab()
    except OSError:
        keyboard.close()
        raise
    return keyboard


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return f"no such device; check the cable and the path ({_present()})"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission denied; add the user of the gateway to the group input and start it anew"
    if error.errno == errno.EBUSY:
        return "busy: another program has grabbed this keyboard; stop it"
    return f"cannot be read as a keyboard ({error.strerror}); check the path ({_present()})"


def _present() -> str:
    names = sorted(entry.name for entry in BY_ID.glob("*-event-kbd"))
    return f"in {BY_ID}: {', '.join(names)}" if names else "no keyboard is plugged in"
