"""Servers that no gateway may trust, each for one reason; the gateway trusts ``Site.ours``."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.authority import DAY, Authority
from tests.tls_server import server_tls


@dataclass
class Site:
    """Two authorities, and a folder for files."""

    folder: Path
    ours: Authority
    theirs: Authority

    def sound(self, clients: Path | None = None) -> ssl.SSLContext:
        return server_tls(*self.ours.issue("broker.test", "127.0.0.1"), clients)

    def file(self, name: str, text: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text)
        return path


def tls_1_1(site: Site) -> ssl.SSLContext:
    context = site.sound()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context


SERVERS: dict[str, Callable[[Site], ssl.SSLContext | None]] = {
    "expired": lambda site: server_tls(
        *site.ours.issue("broker.test", "127.0.0.1", begins=-2 * DAY, ends=-DAY)
    ),
    "not_yet_valid": lambda site: server_tls(
        *site.ours.issue("broker.test", "127.0.0.1", begins=DAY, ends=2 * DAY)
    ),
    "foreign": lambda site: server_tls(*site.theirs.issue("broker.test", "127.0.0.1")),
    "self_signed": lambda site: server_tls(*site.ours.issue("broker.test", "127.0.0.1", itself=True)),
    "other_host": lambda site: server_tls(*site.ours.issue("broker.test", "127.0.0.2")),
    "too_old": tls_1_1,
    "no_tls": lambda _: None,
    "ours_missing": lambda site: site.sound(clients=site.ours.path),
}
