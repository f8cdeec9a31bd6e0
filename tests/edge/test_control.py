"""The control socket: one JSON line in, one out."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from edge.control import ControlSocket, NoDaemon, Refused, ask, socket_path


async def echo(request: Mapping[str, Any]) -> Any:
    return {"heard": request["word"]}


async def whoami(request: Mapping[str, Any]) -> Any:
    return request["caller"]


async def refuse(_request: Mapping[str, Any]) -> Any:
    raise Refused("unknown_device", device="chiller-9")


VERBS = {"echo": echo, "whoami": whoami, "refuse": refuse}


async def test_a_verb_is_answered(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    async with ControlSocket(socket_path(journal), VERBS):
        assert await ask(journal, "echo", word="你好") == {"heard": "你好"}
    assert not socket_path(journal).exists()


async def test_a_refusal_comes_with_its_reason(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    async with ControlSocket(socket_path(journal), VERBS):
        with pytest.raises(Refused) as refused:
            await ask(journal, "refuse")
        assert (refused.value.error, refused.value.values) == ("unknown_device", {"device": "chiller-9"})
        with pytest.raises(Refused) as refused:
            await ask(journal, "dance")
        assert refused.value.error == "unknown_verb"


async def test_the_caller_is_whom_the_system_says_it_is(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    async with ControlSocket(socket_path(journal), VERBS):
        assert await ask(journal, "whoami", caller="somebody else") == getpass.getuser()


async def test_without_a_daemon_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon):
        await ask(tmp_path / "journal.db", "status")


@pytest.mark.parametrize("line", [b"\xff\xfe\n", b"[]\n", b"{}\n", b'"read"\n', b'{"verb": 3}\n'])
async def test_nonsense_is_answered_not_crashed_on(tmp_path: Path, line: bytes) -> None:
    path = socket_path(tmp_path / "journal.db")
    async with ControlSocket(path, VERBS):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        answer = orjson.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        assert answer["error"] in {"malformed_request", "unknown_verb"}


async def test_an_endless_request_ends_the_connection_and_nothing_else(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    async with ControlSocket(socket_path(journal), VERBS):
        reader, writer = await asyncio.open_unix_connection(socket_path(journal))
        with pytest.raises((ConnectionError, EOFError)):  # noqa: PT012 - the first or a later write is refused
            for _ in range(64):
                writer.write(b"x" * 65_536)
                await writer.drain()
            raise EOFError(await reader.read())
        writer.close()
        assert await ask(journal, "echo", word="still here") == {"heard": "still here"}


async def test_a_socket_left_by_a_crash_is_taken_over(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    socket_path(journal).touch()
    async with ControlSocket(socket_path(journal), VERBS):
        assert await ask(journal, "echo", word="hello") == {"heard": "hello"}
