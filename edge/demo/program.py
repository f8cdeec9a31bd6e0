"""A program of the demo: started as a process of its own, and ended with the demo."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from edge.errors import DidNotStart

READY_S: Final = 60.0
"""A Raspberry Pi that starts everything at once, from a slow card."""

END_S: Final = 10.0


@asynccontextmanager
async def program(
    module: str, *arguments: str, stderr: Any = None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``python -m module``, asked to end with the context, and made to if it does not.

    environment: added to our own.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
        env=os.environ | dict(environment or {}),
        start_new_session=True,  # Ctrl-C is the demo's to hear
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.communicate(), END_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    """Returns once somebody accepts connections at ``port``. Raises DidNotStart."""
    deadline = asyncio.get_running_loop().time() + READY_S
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                raise DidNotStart(f"nobody listens on port {port}") from None
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
