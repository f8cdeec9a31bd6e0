"""The pack itself: a tar.gz of a few small files, for its owner's eyes alone."""

from __future__ import annotations

import asyncio
import io
import os
import sqlite3
import tarfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from edge.control import NoDaemon, Refused, ask
from edge.diagnosis import machine
from edge.errors import JournalError
from edge.journal.database import open_reader
from edge.journal.standing import standing
from edge.messages import Lang, text
from edge.settings import Settings
from edge.watching import now

README: Final = "README.txt"


def parts(config: Path, settings: Settings, lang: Lang) -> dict[str, bytes]:
    """The files of the pack by name. Raises OSError for a settings file that is gone by now."""
    facts = _told(settings)
    log, refused = facts.pop("log", []), facts.pop("refused_frames", {})
    found: dict[str, bytes] = {
        "settings.yaml": _settings(config),
        "versions.json": _json(machine.versions()),
        "status.json": _json(facts),
        "refused_frames.json": _json(refused),
        "log.txt": (machine.system_log() or "\n".join(log)).encode(),
        "journal.json": _json(journal(settings.journal.path)),
        "serial_ports.json": _json(machine.serial_ports()),
    }
    listed = [f"{name}: {text(lang, 'diagnose.' + name.replace('.', '_'))}" for name in found]
    said = [
        text(lang, "diagnose.title", gateway=settings.gateway.id),
        *listed,
        text(lang, "diagnose.secrets"),
    ]
    return {README: ("\n".join(said) + "\n").encode(), **found}


def _told(settings: Settings) -> dict[str, Any]:
    """By the running gateway; by its journal's file where none runs, or where it is an older one."""
    try:
        told: dict[str, Any] = asyncio.run(ask(settings.journal.path, "diagnose"))
    except (NoDaemon, Refused):
        return now(settings)
    return told


def _settings(config: Path) -> bytes:
    """What the file says, without its comments: no key of a file that holds is a secret, a comment may be."""
    said = yaml.safe_load(config.read_bytes())
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False).encode()


def journal(path: Path) -> dict[str, Any]:
    """Schema, lanes and cursors of the journal's file; nothing that was observed."""
    try:
        with closing(open_reader(path)) as connection:
            found = standing(connection)
            schema = connection.execute("PRAGMA user_version").fetchone()[0]
    except (sqlite3.Error, JournalError) as error:
        return {"error": str(error)}
    lanes = [{key: value for key, value in lane._asdict().items() if key != "link"} for lane in found.lanes]
    cursors = [
        {"uplink": uplink, "lane": lane, **cursor._asdict()}
        for (uplink, lane), cursor in found.cursors.items()
    ]
    sizes = {each.name: each.stat().st_size for each in sorted(path.parent.glob(path.name + "*"))}
    return {
        "schema": schema,
        "files": sizes,
        "used_bytes": found.used_bytes,
        "lanes": lanes,
        "cursors": cursors,
        "quarantined": dict(found.quarantined),
    }


def write(to: Path, files: dict[str, bytes]) -> None:
    """The pack; it must not be there yet. Raises OSError."""
    fd = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as pack:
        folder = to.name.removesuffix(".tar.gz")
        for name, body in files.items():
            about = tarfile.TarInfo(f"{folder}/{name}")
            about.size, about.mtime = len(body), int(time.time())
            pack.addfile(about, io.BytesIO(body))


def _json(facts: Any) -> bytes:
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n"
