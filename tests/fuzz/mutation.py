"""Inputs: what was captured or is valid, damaged; and whatever."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

MOST_DAMAGES = 4


@st.composite
def damaged(draw: st.DrawFn, whole: Sequence[bytes], most_bytes: int = 4096) -> bytes:
    """One of these, with bytes changed, lost, won, doubled, swapped with another's; or random bytes."""
    if not draw(st.integers(0, 7)):
        return draw(st.binary(max_size=200))
    data = draw(st.sampled_from(whole))
    for _ in range(draw(st.integers(0, MOST_DAMAGES))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from((1, 1, 2, 4, 16, 64))))
        match draw(st.integers(0, 5)):
            case 0:
                data = data[:start] + draw(st.binary(min_size=1, max_size=4)) + data[end:]
            case 1 if start < len(data):
                flipped = data[start] ^ 1 << draw(st.integers(0, 7))
                data = data[:start] + bytes((flipped,)) + data[start + 1 :]
            case 2:
                data = data[:start] + data[end:]
            case 3:
                data = data[:end] + data[start:]
            case 4:
                data = data[:start] + draw(st.sampled_from(whole))[start:]
            case _:
                data = (
                    data[:start]
                    + draw(st.sampled_from((0, 0xFF, 0x30, 0x39, 0x7F))).to_bytes(1, "big") * (end - start)
                    + data[end:]
                )
    return data[:most_bytes]


@st.composite
def chopped(draw: st.DrawFn, whole: Sequence[bytes]) -> list[bytes]:
    """A stream of them, in chunks."""
    stream = b"".join(draw(st.lists(damaged(whole), min_size=1, max_size=4)))
    cuts = draw(st.lists(st.integers(0, len(stream)), max_size=4))
    return [stream[a:b] for a, b in pairwise([0, *sorted(cuts), len(stream)])]


TELLING = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-22T03:14:07Z", "", "\x00", "-1", "1e999")
"""Texts that have told of a defect somewhere."""

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(TELLING),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
"""Whatever a value may be."""


@st.composite
def altered(draw: st.DrawFn, whole: Sequence[dict[str, Any]]) -> Any:
    """One of these objects, some of its values another's or anything, some of its keys lost or won."""
    said = dict(draw(st.sampled_from(whole)))
    for _ in range(draw(st.integers(0, 3))):
        key = draw(st.sampled_from([*said, "id"]))
        match draw(st.integers(0, 4)):
            case 0:
                said.pop(key, None)
            case 4:
                said[key] = draw(st.sampled_from(TELLING))
            case 1:
                said[draw(st.text(max_size=8))] = draw(JSON)
            case 2 if isinstance(said.get(key), dict):
                said[key] = draw(altered([said[key]]))
            case _:
                said[key] = draw(JSON)
    return said
