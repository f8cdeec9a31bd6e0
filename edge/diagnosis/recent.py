"""The newest lines of the log, in memory: for a box whose system journal nobody may read."""

from __future__ import annotations

import logging
from collections import deque
from typing import Final

LINES_MOST: Final = 400
LINE_MOST: Final = 1000
"""Characters of a line."""


class RecentLog(logging.Handler):
    """Keeps what was logged last."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=LINES_MOST)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record)[:LINE_MOST])


def recent() -> list[str]:
    """What was logged last, oldest first, where the daemon keeps it."""
    handlers = logging.getLogger().handlers
    return [line for handler in handlers if isinstance(handler, RecentLog) for line in handler.lines]
