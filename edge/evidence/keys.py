"""The gateway's signing key: made at first start, kept in a file for its owner alone, never shown.

The file is PEM (PKCS #8), as openssl writes it. Beside it stands ``{file}.handovers``: one JSON line for each
rotation, signed with the old key and the new one.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge.errors import JournalError
from edge.settings.secret import exposed_mode

log = logging.getLogger(__name__)


class SigningKey:
    """An Ed25519 key. public: its public half, 64 hexadecimal digits."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def of_pem(cls, text: str) -> SigningKey:
        """Raises ValueError where it is no Ed25519 key in PEM."""
        try:
            private = load_pem_private_key(text.encode(), None)
        except (TypeError, UnsupportedAlgorithm) as error:  # a key with a password; an unknown kind
            raise ValueError(str(error)) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("a key of another kind than Ed25519")
        return cls(private)

    @property
    def pem(self) -> bytes:
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, text: bytes) -> bytes:
        return self._private.sign(text)


def read_key(path: Path) -> SigningKey:
    """The key in this file. Raises JournalError."""
    try:
        if mode := exposed_mode(path):
            raise JournalError(f"{path}: others get at the signing key (mode {mode}): chmod 600 {path}")
        return SigningKey.of_pem(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise JournalError(
            f"{path}: the signing key cannot be read ({error.strerror}); it is made at the first start"
        ) from error
    except ValueError as error:
        raise JournalError(
            f"{path} is no signing key ({error}): put the key back, or move the file away for a new one"
        ) from error


def read_or_make_key(path: Path) -> SigningKey:
    """The key in this file; where there is no file, a new one, on disk when this returns.

    Raises JournalError.
    """
    if path.exists():
        return read_key(path)
    key = SigningKey.generate()
    replace_key(path, key)
    log.info("%s: a signing key was made; its public half is %s", path, key.public)
    return key


def replace_key(path: Path, key: SigningKey) -> None:
    """The file holds this key when this returns; a power cut leaves the old one or this.

    Raises JournalError.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.unlink(missing_ok=True)
        _write(fresh, key.pem, os.O_CREAT | os.O_EXCL, 0o600)
        fresh.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise JournalError(f"{path}: the signing key cannot be written ({error.strerror})") from error


def handovers_of(path: Path) -> Path:
    """Where the handovers of the key in this file are kept."""
    return path.with_name(path.name + ".handovers")


def append_handover(path: Path, line: bytes) -> None:
    """Adds a line to the handovers of the key in ``path``; it is on disk when this returns."""
    file = handovers_of(path)
    try:
        _write(file, line + b"\n", os.O_CREAT | os.O_APPEND, 0o644)
        _sync(file.parent)
    except OSError as error:
        raise JournalError(f"{file}: the handover cannot be written ({error.strerror})") from error


def handover_lines(path: Path) -> list[bytes]:
    """The handovers of the key in ``path``, oldest first."""
    file = handovers_of(path)
    return file.read_bytes().splitlines() if file.exists() else []


def _write(path: Path, text: bytes, flags: int, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | flags, mode)
    try:
        os.write(fd, text)
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
