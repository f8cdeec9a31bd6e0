"""Stamps put right: those of the boot, and nothing else."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Instant
from edge.instant import rfc3339
from edge.restamping import AHEAD, Restamping, of_boot
from edge.timekeeping import WRITTEN

BASE = WRITTEN
SHIFT = 40 * 86_400 * NANOSECONDS
AGAIN = of_boot(BASE, BASE + 3600 * NANOSECONDS, SHIFT)

MILLISECONDS = st.integers(-(10**9), 10**9).map(lambda ms: Instant(BASE + ms * 1_000_000))


def right(at: int) -> int:
    return at + SHIFT if BASE <= at <= BASE + 3600 * NANOSECONDS + AHEAD else at


@given(at=MILLISECONDS)
def test_a_stamp_of_the_boot_is_shifted_and_another_stays(at: Instant) -> None:
    told = {"t": rfc3339(at), "since": at, "points": [[at, 1.5], [at + 1, -2]], "at": at}
    moved = {
        "t": rfc3339(Instant(right(at))),
        "since": right(at),
        "points": [[right(at), 1.5], [right(at + 1), -2]],
        "at": right(at),
    }
    assert orjson.loads(AGAIN.json(orjson.dumps(told))) == moved


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_no_stamp_is_left_byte_for_byte(value: object) -> None:
    body = orjson.dumps(value)
    assert AGAIN.json(body) == body


def test_codes_and_what_people_wrote_are_no_stamps() -> None:
    body = orjson.dumps(
        {
            "code": str(BASE + NANOSECONDS),
            "said": "2026-11-22T08:10:00+08:00",
            "day": "2026-11-22",
            "text": f"at {rfc3339(BASE)} sharp",
            "impossible": "2026-13-41T00:00:00.000Z",
            "epc": f"E2001{BASE}",
        }
    )
    assert AGAIN.json(body) == body


def test_no_shift_costs_nothing() -> None:
    body = orjson.dumps({"t": rfc3339(BASE)})
    assert Restamping(0, 1 << 62, 0).json(body) is body
