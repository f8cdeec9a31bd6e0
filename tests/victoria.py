"""The real store as a subprocess; the fixture ``victoria`` of ``tests/conftest.py`` finds the program."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeAlias

from tests.mosquitto import free_port


class Series(NamedTuple):
    """name: ``reading_temperature``. device: whose it is; "" for what has none. quality: "" when good."""

    name: str
    device: str
    quantity: str = ""
    quality: str = ""


Held: TypeAlias = dict[Series, dict[int, float]]
"""Values by the millisecond since 1970."""


class Store:
    """A VictoriaMetrics on a port and a folder of its own, which it keeps over restarts."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._program = program
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Store:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            await self.stop()

    async def start(self) -> None:
        """Returns once it answers."""
        arguments = (f"-storageDataPath={self._folder}/data", f"-httpListenAddr=127.0.0.1:{self.port}")
        with (self._folder / "victoria.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                self._program, *arguments, "-retentionPeriod=100y", stdout=log, stderr=log
            )
        while True:
            try:
                await asyncio.to_thread(self._get, "/health")
            except OSError:
                assert self._process.returncode is None, (self._folder / "victoria.log").read_text()
                await asyncio.sleep(0.05)
            else:
                return

    async def stop(self) -> None:
        """In an orderly way: what it took is then on its disk."""
        assert self._process is not None
        self._process.terminate()
        await self._process.wait()
        self._process = None

    async def held(self) -> Held:
        """All that it holds, what it has just taken included."""
        await asyncio.to_thread(self._get, "/internal/force_flush")
        return await asyncio.to_thread(self._export)

    def _export(self) -> Held:
        held: Held = defaultdict(dict)
        for line in self._get("/api/v1/export?match[]={__name__!=%22%22}").splitlines():
            found = json.loads(line)
            tags = found["metric"]
            name = Series(
                tags["__name__"], tags.get("device", ""), tags.get("quantity", ""), tags.get("quality", "")
            )
            held[name].update(zip(found["timestamps"], found["values"], strict=True))
        return dict(held)

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            body: bytes = answer.read()
        return body
