"""``python -m tests.faults.gateway_with_a_slow_disk CONFIG``: the gateway, whose journal's thread stands
still inside a commit for as long as a file ``hang`` is beside CONFIG, as on a disk that no longer answers."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from unittest.mock import patch

from edge.cli import serve
from edge.journal.waiting import Batch, Committed
from edge.journal.writer import Writer

commit = Writer.commit
config = Path(sys.argv[1])


def slow(writer: Writer, batch: Batch) -> Committed:
    while config.with_name("hang").exists():
        time.sleep(0.05)
    return commit(writer, batch)


with patch.object(Writer, "commit", slow):
    asyncio.run(serve(config))
