"""A capture played as if it were a wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contract import LinkDown
from drivers.links.replay import open_replay


async def test_a_capture_comes_in_chunks_and_then_the_wire_is_gone(tmp_path: Path) -> None:
    capture = tmp_path / "ear.bin"
    capture.write_bytes(b"abcdefg")
    for source in (capture, capture.read_bytes()):
        link = await open_replay(source, chunk=3)
        await link.write(b"hello?")
        assert [await link.read() for _ in range(3)] == [b"abc", b"def", b"g"]
        with pytest.raises(LinkDown, match="the end of the capture"):
            await link.read()
        link.close()


async def test_a_closed_capture_says_no_more() -> None:
    link = await open_replay(b"abc", chunk=1)
    link.close()
    with pytest.raises(LinkDown):
        await link.read()


async def test_a_capture_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LinkDown, match="cannot read the capture: No such file"):
        await open_replay(tmp_path / "none.bin")
