"""What may be opened, by whom, and what is said where it may not."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from edge.errors import JournalError
from edge.journal import migrations
from edge.journal.block import Lane
from edge.journal.database import open_reader, open_writer
from tests.edge.journal.journal_rig import Box, blocks, devices

FOREVER_LOCKED = """
import fcntl, sys
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
lock.write("process 4711"); lock.flush()
print("locked", flush=True)
sys.stdin.read()
"""

KNOWN = len(migrations.MIGRATIONS)


async def test_a_folder_that_is_not_there_is_named(box: Box) -> None:
    box.path = box.path.parent / "none" / "journal.db"
    with pytest.raises(JournalError, match=r"there is no folder .*/none: make it"):
        await box.open()
    assert not box.path.parent.exists()


async def test_a_folder_that_is_none_is_named(box: Box) -> None:
    (box.path.parent / "file").write_text("")
    box.path = box.path.parent / "file" / "journal.db"
    with pytest.raises(JournalError, match="give the folder to the user who runs tagtrail"):
        await box.open()


async def test_a_second_daemon_is_told_who_has_the_journal(box: Box) -> None:
    async with box.journal() as journal:
        with pytest.raises(JournalError, match=rf"in use by process {os.getpid()}: stop it"):
            await box.open()
        journal.observe(box.entry())
        await journal.flush()


async def test_another_process_holds_the_lock_until_it_ends(box: Box) -> None:
    lock = box.path.with_name("journal.db.lock")
    with subprocess.Popen(
        [sys.executable, "-c", FOREVER_LOCKED, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(JournalError, match="in use by process 4711"):
            await box.open()
        other.kill()
    async with box.journal():
        pass


async def test_an_empty_file_becomes_a_journal_of_the_newest_schema(box: Box) -> None:
    box.path.touch()
    async with box.journal():
        with closing(sqlite3.connect(box.path)) as file:
            assert file.execute("PRAGMA user_version").fetchone()[0] == len(migrations.MIGRATIONS)
            assert file.execute("PRAGMA application_id").fetchone()[0] == migrations.APPLICATION_ID
            assert file.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            assert file.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_commits_are_synced_and_readers_cannot_write(box: Box) -> None:
    with closing(open_writer(box.path, 1 << 30)) as writer, closing(open_reader(box.path)) as reader:
        assert writer.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert writer.execute("PRAGMA max_page_count").fetchone()[0] == (1 << 30) // 1024
        assert writer.execute("PRAGMA secure_delete").fetchone()[0] == 0
        with pytest.raises(sqlite3.OperationalError):
            reader.execute("DELETE FROM blocks")


async def test_a_file_of_a_newer_program_is_left_alone(box: Box) -> None:
    async with box.journal():
        pass
    with closing(sqlite3.connect(box.path)) as file:
        file.execute("PRAGMA user_version = 99")
    before = box.path.read_bytes()
    with pytest.raises(JournalError, match=rf"newer Tagtrail \(schema 99, this one knows {KNOWN}\): install"):
        await box.open()
    assert box.path.read_bytes() == before


async def test_another_programs_file_is_left_alone(box: Box) -> None:
    with closing(sqlite3.connect(box.path)) as file:
        file.execute("CREATE TABLE theirs (x)")
    with pytest.raises(JournalError, match="another program's file"):
        await box.open()
    with closing(sqlite3.connect(box.path)) as file:
        assert file.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]


async def test_a_file_that_is_nothing_of_ours_is_left_alone(box: Box) -> None:
    box.path.write_bytes(b"temperature,3.4\n" * 1000)
    kept = box.path.read_bytes()
    with pytest.raises(JournalError, match=r"no journal that can be read .*choose another"):
        await box.open()
    assert box.path.read_bytes() == kept


async def test_a_newer_program_takes_an_older_file_along(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    async with box.journal() as journal:
        journal.observe(box.entry("old"))
        await journal.flush()
    second = "CREATE TABLE later (lane INTEGER); ALTER TABLE journals ADD COLUMN note TEXT"
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, second))
    async with box.journal() as journal:
        journal.observe(box.entry("new"))
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["old", "new"]
        with closing(sqlite3.connect(box.path)) as file:
            assert file.execute("PRAGMA user_version").fetchone()[0] == KNOWN + 1
            assert file.execute("SELECT count(*) FROM later").fetchone()[0] == 0


async def test_a_journal_of_the_first_release_is_taken_along(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as first:
        first.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        with closing(sqlite3.connect(box.path, isolation_level=None)) as file:
            file.execute("PRAGMA page_size = 1024")
            migrations.migrate(file, box.path)
    async with box.journal() as journal:
        journal.observe(box.entry("new"))
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["new"]
        assert await journal.remembered() == []


async def test_a_migration_that_fails_changes_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    async with box.journal() as journal:
        journal.observe(box.entry("old"))
        await journal.flush()
    with monkeypatch.context() as newer:
        half = "CREATE TABLE later (lane INTEGER); INSERT INTO nowhere VALUES (1)"
        newer.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, half))
        with pytest.raises(JournalError, match="cannot be opened"):
            await box.open()
    async with box.journal() as journal:
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["old"]
        with closing(sqlite3.connect(box.path)) as file:
            assert file.execute("PRAGMA user_version").fetchone()[0] == KNOWN
