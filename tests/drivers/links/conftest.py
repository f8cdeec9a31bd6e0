"""No link may leave a descriptor or a task behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio


def descriptors() -> dict[str, str]:
    """Those of this process, with what they are open on."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        try:
            found[link.name] = str(link.readlink())
        except FileNotFoundError:  # the one that listed the folder
            continue
    return found


@pytest_asyncio.fixture(autouse=True)
async def nothing_is_left_behind() -> AsyncIterator[None]:
    before = descriptors()
    yield
    for _ in range(3):  # a transport closes its socket one turn of the loop later
        await asyncio.sleep(0)
    assert descriptors() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}
