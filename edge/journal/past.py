"""What became of a tag in the years that the journal keeps: one look into the trail's index."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.journal import trail
from edge.journal.database import open_reader

log = logging.getLogger(__name__)

MOST = 20
"""Links of one tag that are looked at: its lots and its carcass."""


class Past:
    """The file is opened for each question: one an animal, half a millisecond; nothing is held in between."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def slaughtered(self, node: str) -> bool:
        """Whether a carcass was made of the animal with this tag; an unreadable journal knows none."""
        try:
            with closing(open_reader(self._path)) as connection:
                links = trail.forward(connection, node, MOST)
        except sqlite3.Error as error:
            log.warning("whether %s was slaughtered before cannot be looked up: %s", node, error)
            return False
        return any(link.relation == "became" and link.target.startswith("carcass:") for link in links)
