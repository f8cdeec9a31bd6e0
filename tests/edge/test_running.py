"""Work by name: ended and begun anew while the rest goes on, and all of it when one fails."""

from __future__ import annotations

import asyncio

import pytest

from drivers.contract import LinkDown
from edge import running
from edge.running import Running


async def goes_on() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise LinkDown("no disk")


async def is_slow_to_end(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.05)
        ended.append("slow")


async def test_it_ends_when_it_is_told_to() -> None:
    work, stop = Running(), asyncio.Event()
    work.begin("one", goes_on())
    stop.set()
    await work.until(stop)
    await work.end_all()


async def test_what_fails_ends_all() -> None:
    work = Running()
    work.begin("one", goes_on())
    work.begin("two", fails())
    with pytest.raises(LinkDown, match="no disk"):
        await work.until(asyncio.Event())
    await work.end_all()


async def test_what_is_ended_on_purpose_ends_nothing_else() -> None:
    work, stop, ended = Running(), asyncio.Event(), list[str]()
    work.begin("one", is_slow_to_end(ended))
    await asyncio.sleep(0)
    until = asyncio.create_task(work.until(stop))
    await work.end(["one", "unknown"])
    assert ended == ["slow"]
    work.begin("one", goes_on())
    await asyncio.sleep(0.01)
    assert not until.done()
    stop.set()
    await until
    await work.end_all()


async def test_what_is_being_ended_is_waited_for_when_all_ends() -> None:
    work, ended = Running(), list[str]()
    work.begin("one", is_slow_to_end(ended))
    await asyncio.sleep(0)
    ending = asyncio.create_task(work.end(["one"]))
    await asyncio.sleep(0)
    ending.cancel()
    await work.end_all()
    assert ended == ["slow"]


async def test_what_does_not_end_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(running, "ENDS_WITHIN_S", 0.01)
    work, ended = Running(), list[str]()
    work.begin("one", is_slow_to_end(ended))
    await asyncio.sleep(0)
    await work.end_all()
    assert ended == []
    assert "one does not end" in caplog.text
    await asyncio.sleep(0.1)
