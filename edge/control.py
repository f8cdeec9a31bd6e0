"""The control socket beside the journal: JSON lines, one request, one answer (DESIGN §4).

::

    {"verb": "read", "device": "chiller-1-air"}
    {"ok": true, "answer": {…}}          {"ok": false, "error": "unknown_device", "values": {"device": "…"}}

Who may speak is decided by the socket file's permissions; who spoke is known by SO_PEERCRED, and stands in
the request as ``caller``, whatever stood there before.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from drivers.contract import TagtrailError

log = logging.getLogger(__name__)

REQUEST_BYTES: Final = 64 * 1024
REQUEST_S: Final = 5.0
"""A caller that connects and says nothing is sent away."""

PATH_BYTES: Final = 107
"""sun_path, less its closing zero byte (unix(7))."""

_CREDENTIALS: Final = struct.Struct("3i")

Verb = Callable[[Mapping[str, Any]], Awaitable[Any]]


class Refused(TagtrailError):
    """A request that cannot be served; ``error`` names a text of the room `cli`, or ``room.key``."""

    @property
    def text(self) -> str:
        """The key of its sentence."""
        return self.error if "." in self.error else f"cli.{self.error}"

    def __init__(self, error: str, **values: object) -> None:
        super().__init__(f"{error} {values}")
        self.error = error
        self.values = values


class NoDaemon(TagtrailError):
    """Nobody listens at the control socket."""


def socket_path(journal: Path) -> Path:
    """Beside the journal."""
    return journal.with_name(journal.name + ".sock")


class ControlSocket:
    """Serves ``verbs`` at ``path`` while its context is open."""

    def __init__(self, path: Path, verbs: Mapping[str, Verb]) -> None:
        self._path = path
        self._verbs = verbs
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> ControlSocket:
        if len(os.fsencode(self._path)) > PATH_BYTES:
            log.warning("no control socket: %s is longer than %d bytes", self._path, PATH_BYTES)
            return self
        self._path.unlink(missing_ok=True)  # ours, left by a crash: the journal's lock says that we are alone
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=REQUEST_BYTES)
        self._path.chmod(0o660)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), REQUEST_S)
            pid, uid, _ = _CREDENTIALS.unpack(_peer(writer))
            log.debug("control: uid %d, pid %d: %s", uid, pid, line[:200])
            answer = await self._answer(line, _user(uid))
            writer.write(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS) + b"\n")
            await writer.drain()
        except (OSError, ValueError, TimeoutError) as error:
            log.info("control: request given up: %s", error or "nothing was asked")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, line: bytes, caller: str) -> dict[str, Any]:
        try:
            request = orjson.loads(line)
            verb = self._verbs.get(request["verb"])
        except (ValueError, TypeError, KeyError):
            return {"ok": False, "error": "malformed_request", "values": {}}
        if verb is None:
            return {"ok": False, "error": "unknown_verb", "values": {"verb": request["verb"]}}
        try:
            return {"ok": True, "answer": await verb({**request, "caller": caller})}
        except Refused as refused:
            return {"ok": False, "error": refused.error, "values": refused.values}
        except Exception:
            log.exception("control: %s failed", request["verb"])
            return {"ok": False, "error": "failed", "values": {}}


def _user(uid: int) -> str:
    """What the system calls the caller."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _peer(writer: asyncio.StreamWriter) -> bytes:
    connection: socket.socket = writer.get_extra_info("socket")
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)


async def ask(journal: Path, verb: str, **arguments: object) -> Any:
    """The running daemon's answer. Raises NoDaemon, or Refused with its reason."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket_path(journal), limit=16 << 20)
    except OSError as error:
        raise NoDaemon(str(error)) from error
    try:
        writer.write(orjson.dumps({"verb": verb, **arguments}) + b"\n")
        line = await reader.readline()
    except OSError as error:
        raise NoDaemon(str(error)) from error
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    if not line:
        raise NoDaemon("the gateway closed the control socket without an answer")
    answer = orjson.loads(line)
    if not answer["ok"]:
        raise Refused(answer["error"], **answer["values"])
    return answer["answer"]
