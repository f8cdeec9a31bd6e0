"""The near ends of wires: a pseudo-terminal that can be unplugged, and messages on their way out."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path

from simulators.options import ScenarioError

UNREAD_S = 5.0
"""After this time, what nobody has read is thrown away, as by a serial port that nobody has open."""

READ_BYTES = 4096


class Pty:
    """A serial port for others: a symbolic link to a pseudo-terminal of ours.

    The far side is held open here too, raw, so that the gateway may close and open it as it likes.
    """

    def __init__(self, link: Path, heard: Callable[[bytes], None], overrun: Callable[[int], None]) -> None:
        self.link = link
        self._heard = heard
        self._overrun = overrun
        self._near = self._far = -1
        self._unread_since: float | None = None

    @property
    def endpoint(self) -> dict[str, str]:
        """``{"serial": path}``; stays the same over an unplugging."""
        return {"serial": str(self.link)}

    @property
    def plugged(self) -> bool:
        """Whether the port exists."""
        return self._near >= 0

    def plug(self) -> None:
        """The port appears under its link. Raises ScenarioError where a file is in the way."""
        if self.plugged:
            return
        if self.link.exists() and not self.link.is_symlink():
            raise ScenarioError(f"{self.link} is in the way: the port's link would stand there")
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self._unread_since = None
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._far))
        asyncio.get_running_loop().add_reader(self._near, self._read)

    def unplug(self) -> None:
        """The port is gone, and with it whatever was under way."""
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._near)
        self.link.unlink(missing_ok=True)
        os.close(self._near)
        os.close(self._far)
        self._near = self._far = -1

    def write(self, data: bytes) -> bool:
        """Whether all of it went onto the wire."""
        if not self.plugged:
            return False
        self._forget_unread()
        try:
            return os.write(self._near, data) == len(data)
        except BlockingIOError:
            return False

    def _forget_unread(self) -> None:
        count: int = struct.unpack("i", fcntl.ioctl(self._far, termios.FIONREAD, b"\0\0\0\0"))[0]
        now = time.monotonic()
        if count == 0:
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        elif now - self._unread_since > UNREAD_S:
            termios.tcflush(self._far, termios.TCIFLUSH)
            self._unread_since = None
            self._overrun(count)

    def _read(self) -> None:
        self._heard(os.read(self._near, READ_BYTES))


Done = Callable[[bool], None]
"""Told whether the whole message went out."""


class _Message:
    """One message on its way: what is left of it, and the timer of its next piece."""

    def __init__(self, pieces: Sequence[tuple[float, bytes]], done: Done) -> None:
        self.left = list(pieces)
        self.done = done
        self.sent = True
        self.timer: asyncio.TimerHandle | None = None


class Outbox:
    """Sends messages piece by piece, each at its time."""

    def __init__(self, write: Callable[[bytes], bool]) -> None:
        self._write = write
        self._messages: set[_Message] = set()

    def send(self, pieces: Sequence[tuple[float, bytes]], done: Done, after_s: float = 0.0) -> None:
        """Pieces are pauses in seconds with the bytes that follow them; the first waits ``after_s`` more."""
        message = _Message(pieces, done)
        self._messages.add(message)
        self._wait(message, after_s)

    def cancel(self) -> None:
        """What is under way is lost."""
        for message in list(self._messages):
            if message.timer is not None:
                message.timer.cancel()
            self._finish(message, False)

    def _wait(self, message: _Message, more_s: float = 0.0) -> None:
        if not message.left:
            self._finish(message, message.sent)
        elif (pause_s := message.left[0][0] + more_s) > 0:
            message.timer = asyncio.get_running_loop().call_later(pause_s, self._put, message)
        else:
            self._put(message)

    def _put(self, message: _Message) -> None:
        message.sent = self._write(message.left.pop(0)[1]) and message.sent
        self._wait(message)

    def _finish(self, message: _Message, sent: bool) -> None:
        self._messages.discard(message)
        message.done(sent)
