"""Asking systemd-timedated, played by a program of the same name."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from edge import timedate
from edge.clock import Linux, Synchronised
from edge.timedate import TimeDate


@pytest.fixture
def timedatectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What it prints is in the file."""
    said = tmp_path / "said"
    program = tmp_path / "timedatectl"
    program.write_text(f'#!/bin/sh\n[ "$*" = "show --property=NTPSynchronized --value" ] && cat {said}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(timedate, "ASK_EVERY_S", 0.05)
    return said


async def until(timedate: TimeDate, synchronised: bool) -> None:
    async with asyncio.timeout(30):
        while timedate.synchronised() is not synchronised:
            await asyncio.sleep(0.01)


async def test_it_is_asked_again_and_again(timedatectl: Path) -> None:
    timedatectl.write_text("no\n")
    asked = TimeDate()
    assert asked.synchronised() is False
    timedatectl.write_text("yes\n")
    await until(asked, True)
    timedatectl.write_text("no\n")
    await until(asked, False)


async def test_a_box_without_it_is_told_once(timedatectl: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = TimeDate()
    with caplog.at_level(logging.DEBUG, logger="edge.timedate"):
        async with asyncio.timeout(30):
            while len(caplog.records) < 3:
                assert asked.synchronised() is False
                await asyncio.sleep(0.01)
    (warning,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert "clock: {trust: system}" in warning.getMessage()


async def test_where_the_kernel_may_not_be_asked(timedatectl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidding:
        def adjtimex(self, _timex: object) -> int:
            return -1

    monkeypatch.setattr("edge.clock.ctypes.CDLL", lambda *_, **__: Forbidding())
    timedatectl.write_text("yes\n")
    linux = Linux()
    async with asyncio.timeout(30):
        while linux.ntp() is None:
            await asyncio.sleep(0.01)
    assert linux.ntp() == Synchronised(None)
