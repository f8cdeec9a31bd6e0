"""The rows of an export on their way into files, each made with its first row."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

from drivers.contract import Instant
from edge.export import readings, records
from edge.export.blocks import Kept
from edge.export.cells import Sheet
from edge.journal.block import Lane
from edge.journal.standing import LaneStanding
from edge.messages import Lang
from edge.settings import Settings


class Asked(NamedTuple):
    """lane: telemetry for readings. kind: of record; device: of readings; None: all of them."""

    lane: Lane
    since: Instant
    until: Instant
    form: Literal["csv", "jsonl"]
    device: str | None = None
    kind: str | None = None


class Rows:
    """Rows of readings, or of records, in the form asked for. rows: how many; files: their names.

    The files must not be there yet. Raises OSError.
    """

    def __init__(self, settings: Settings, asked: Asked, folder: Path, lang: Lang) -> None:
        self.rows = 0
        self.files: list[str] = []
        self._zone = settings.gateway.timezone
        self._asked = asked
        self._folder = folder
        self._lang = lang
        self._open = ExitStack()
        self._sheets: dict[str, Sheet] = {}
        self._lines: Any = None
        name = "readings" if asked.lane is Lane.TELEMETRY else "records"
        if asked.form == "jsonl":
            self.files.append(f"{name}.jsonl")
            self._lines = self._open.enter_context((folder / f"{name}.jsonl").open("xb"))
        elif asked.lane is Lane.TELEMETRY:
            self._sheet(name, readings.header(lang))

    def take(self, connection: sqlite3.Connection, lane: LaneStanding, blocks: list[Kept]) -> list[int]:
        """The rows of these blocks; the seqs of those that had any. connection: tells which records hold."""
        if self._asked.lane is Lane.TELEMETRY:
            return [block.seq for block in blocks if self._readings(block)]
        newest = _newest(connection, blocks)
        return [block.seq for block in blocks if self._record(lane, block, newest)]

    def close(self) -> None:
        self._open.close()

    def _readings(self, block: Kept) -> bool:
        asked, had = self._asked, self.rows
        for row in readings.rows(block.body, asked.since, asked.until, asked.device):
            if self._lines is not None:
                self._line(row._asdict())
            else:
                self._sheets["readings"].row(readings.cells(row, self._lang, self._zone))
            self.rows += 1
        return self.rows > had

    def _record(self, lane: LaneStanding, block: Kept, newest: dict[int, bool]) -> bool:
        content = orjson.loads(block.body)
        record = content["record"]
        if not records.overlaps(record, self._asked.since, self._asked.until):
            return False
        told = records.Told(record, lane.journal, block.seq, content["clock"], newest.get(block.key))
        if self._lines is not None:
            self._line(told._asdict())
        else:
            kind = record["kind"]
            sheet = self._sheet(f"records-{kind}", records.header(kind, self._lang))
            sheet.row(records.cells(told, self._lang, self._zone))
        self.rows += 1
        return True

    def _line(self, said: dict[str, Any]) -> None:
        self._lines.write(orjson.dumps(said) + b"\n")

    def _sheet(self, name: str, header: list[str]) -> Sheet:
        if name not in self._sheets:
            sheet = self._sheets[name] = Sheet(self._folder / f"{name}.csv", header)
            self._open.callback(sheet.close)
            self.files.append(f"{name}.csv")
        return self._sheets[name]


def _newest(connection: sqlite3.Connection, blocks: list[Kept]) -> dict[int, bool]:
    """Of these blocks, by key: whether theirs is the newest revision; others are in no index."""
    by_id = {block.key: orjson.loads(block.body)["record"].get("id") for block in blocks}
    rows = connection.execute(
        "SELECT records.id, block FROM json_each(?) CROSS JOIN records ON records.id = value",
        (orjson.dumps(list(by_id.values())).decode(),),
    )
    newest = dict(rows.fetchall())
    return {key: newest[name] == key for key, name in by_id.items() if name in newest}
