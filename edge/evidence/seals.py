"""Signed statements: the seal of a lane, and the handover from one key to the next (DESIGN §9). Pure.

A seal, as it is kept and published, is one line of JSON in exactly this form::

    {"v":1,"gateway":…,"journal":…,"lane":…,"seq":…,"pruned":…,"hash":…,"t":…,"key":…,"signature":…}

``hash`` is the chain's at ``seq`` (0: nothing yet), ``pruned`` the last seq that retention deleted, ``key``
the public key, ``t`` the instant of signing; hash, key and signature are hexadecimal. Signed (Ed25519) are
``tagtrail seal 1`` LF and the line without its signature.
A handover is signed likewise, by both keys: ``tagtrail handover 1`` LF and the statement without signatures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.evidence.keys import SigningKey
from edge.journal.block import Lane

_SEAL: Final = b"tagtrail seal 1\n"
_HANDOVER: Final = b"tagtrail handover 1\n"
_PUBLIC_KEY: Final = re.compile("[0-9a-f]{64}")


class Seal(NamedTuple):
    """The signed head of a lane's chain. key: public, in hexadecimal; t: RFC 3339."""

    gateway: str
    journal: str
    lane: Lane
    seq: int
    pruned: int
    hash: bytes
    t: str
    key: str
    signature: bytes = b""

    @property
    def payload(self) -> bytes:
        """The line that is published."""
        return orjson.dumps(self._stated() | {"signature": self.signature.hex()})

    def signed_by(self, key: SigningKey) -> Seal:
        """The same statement, signed; ``key`` is already named in it."""
        return self._replace(signature=key.sign(_SEAL + orjson.dumps(self._stated())))

    @property
    def holds(self) -> bool:
        """Whether its own key signed it; whose key that is, others know."""
        return signed(self.key, _SEAL + orjson.dumps(self._stated()), self.signature)

    def _stated(self) -> dict[str, object]:
        return {
            "v": 1,
            "gateway": self.gateway,
            "journal": self.journal,
            "lane": self.lane,
            "seq": self.seq,
            "pruned": self.pruned,
            "hash": self.hash.hex(),
            "t": self.t,
            "key": self.key,
        }


def read_seal(payload: bytes) -> Seal:
    """The seal in this line. Raises ValueError for anything that is not exactly as ``payload`` writes it."""
    try:
        said = orjson.loads(payload)
        seal = Seal(
            said["gateway"],
            said["journal"],
            Lane(said["lane"]),
            said["seq"],
            said["pruned"],
            bytes.fromhex(said["hash"]),
            said["t"],
            said["key"],
            bytes.fromhex(said["signature"]),
        )
        exact = seal.payload == payload
    except (KeyError, TypeError) as error:
        raise ValueError("no seal") from error
    if not exact or type(seal.seq) is not int or type(seal.pruned) is not int or not is_public_key(seal.key):
        raise ValueError("no seal as one is written")
    return seal


class Handover(NamedTuple):
    """``old`` hands over to ``new``: public keys in hexadecimal, and what each of them signed."""

    old: str
    new: str
    t: str
    by_old: str
    by_new: str

    @classmethod
    def between(cls, old: SigningKey, new: SigningKey, t: str) -> Handover:
        """Signed with both."""
        text = _handover_text(old.public, new.public, t)
        return cls(old.public, new.public, t, old.sign(text).hex(), new.sign(text).hex())

    @property
    def holds(self) -> bool:
        """Whether both signed it."""
        text = _handover_text(self.old, self.new, self.t)
        try:
            by_old, by_new = bytes.fromhex(self.by_old), bytes.fromhex(self.by_new)
        except ValueError:
            return False
        return signed(self.old, text, by_old) and signed(self.new, text, by_new)


def read_handover(said: object) -> Handover | None:
    """The handover that this JSON object states; None: none, or one that does not hold."""
    if not isinstance(said, Mapping) or set(said) != set(Handover._fields):
        return None
    fields: Mapping[str, Any] = said
    if not all(isinstance(value, str) for value in fields.values()):
        return None
    handover = Handover(**fields)
    return handover if handover.holds else None


def is_public_key(text: object) -> bool:
    """Whether this has the form of a public key: 64 hexadecimal digits in lower case."""
    return isinstance(text, str) and _PUBLIC_KEY.fullmatch(text) is not None


def signed(key: str, text: bytes, signature: bytes) -> bool:
    """Whether the owner of the public key ``key`` signed ``text``."""
    if not is_public_key(key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _handover_text(old: str, new: str, t: str) -> bytes:
    return _HANDOVER + orjson.dumps({"old": old, "new": new, "t": t})
