"""What seals an advertisement: AES-CCM (RFC 3610) with 128 bits of key and a tag of 4 bytes.

A frame that is sealed proves who says it and that nothing was changed; its counter, which is part of the
nonce, proves that it is no older one played again. A device whose key is set therefore says nothing in the
open: whatever is not sealed under its address is refused.
"""

from __future__ import annotations

import re
from typing import Final

from drivers.contract import Reason, Reject

TAG: Final = 4
"""Bytes at the end of what is sealed."""

_KEY: Final = re.compile("[0-9A-Fa-f]{32}")


class Seal:
    """A device's key."""

    def __init__(self, key: str) -> None:
        """key: 32 hexadecimal digits. Raises ValueError, which never shows it."""
        from cryptography.hazmat.primitives.ciphers.aead import AESCCM  # noqa: PLC0415 - only with a key

        if not _KEY.fullmatch(key):
            raise ValueError("a key has 32 hexadecimal digits; look for a stray character or a missing one")
        self._cipher = AESCCM(bytes.fromhex(key), tag_length=TAG)

    def opened(self, nonce: bytes, sealed: bytes, beside: bytes | None = None) -> bytes:
        """What was sealed. beside: what the tag covers as well. Raises Reject(CHECKSUM)."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only with a key

        try:
            return self._cipher.decrypt(nonce, sealed, beside)
        except InvalidTag:
            raise Reject(Reason.CHECKSUM, "the seal does not hold: another key, or a changed frame") from None


def required(seal: Seal | None) -> Seal:
    """Raises Reject(CHECKSUM) where a sealed frame meets no key."""
    if seal is None:
        raise Reject(Reason.CHECKSUM, "sealed; give the device its key")
    return seal


def open_allowed(seal: Seal | None) -> None:
    """Raises Reject(CHECKSUM) where a key is set and a frame is not sealed."""
    if seal is not None:
        raise Reject(Reason.CHECKSUM, "not sealed, although the device has a key")
