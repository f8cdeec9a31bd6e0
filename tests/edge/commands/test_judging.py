"""Which commands may be carried out, and why the others not; whatever bytes come."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Instant
from edge.commands.judging import LASTS_MOST, PAYLOAD_BYTES, VERBS, Command, Message, identity, judge
from edge.control import Refused
from edge.instant import parse_rfc3339, rfc3339
from edge.messages import LANGS, sentence

NOW = parse_rfc3339("2026-11-22T03:14:07Z")
SOON = "2026-11-22T03:15:00Z"
GOOD: dict[str, Any] = {"id": "c-1", "issuer": "监管平台", "expires": SOON}
RECALL = GOOD | {"fact": "recall", "values": {"subject": "lot:A-1", "action": "recalled"}}
READ = GOOD | {"device": "air"}


def judged(
    said: object,
    verb: str = "enter",
    *,
    retained: bool = False,
    allowed: frozenset[str] = frozenset(VERBS),
    knows_time: bool = True,
) -> Command:
    payload = said if isinstance(said, bytes) else orjson.dumps(said)
    message = Message(verb, payload, retained)
    return judge(message, allowed, NOW, knows_time=knows_time, known={"c-0"})


@pytest.mark.parametrize(
    ("verb", "said", "request_"),
    [
        (
            "enter",
            RECALL | {"at": SOON, "reason": "x"},
            {"fact": "recall", "values": RECALL["values"], "at": SOON, "reason": "x", "by": "监管平台"},
        ),
        (
            "acknowledge",
            GOOD | {"values": {"alarm": "a"}},
            {"fact": "acknowledge", "values": {"alarm": "a"}, "at": None, "reason": "", "by": "监管平台"},
        ),
        ("trip", GOOD, {"fact": "trip", "values": {}, "at": None, "reason": "", "by": "监管平台"}),
        ("read", READ, {"device": "air", "wait": None}),
        ("read", READ | {"wait": 3}, {"device": "air", "wait": 3.0}),
        ("diagnose", GOOD, {"most_bytes": 16384}),
        ("diagnose", GOOD | {"most_bytes": 4096}, {"most_bytes": 4096}),
    ],
)
def test_a_command_becomes_the_request_that_a_person_beside_the_gateway_would_make(
    verb: str, said: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert judged(said, verb) == Command("c-1", "监管平台", parse_rfc3339(SOON), verb, request_)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"", "no_object"),
        (b"\xff{", "no_object"),
        (b"[" * 5000, "no_object"),
        ([RECALL], "no_object"),
        (RECALL | {"id": 7}, "malformed"),
        (RECALL | {"id": " "}, "malformed"),
        (RECALL | {"id": "x" * 65}, "malformed"),
        ({**RECALL, "issuer": ""}, "malformed"),
        ({key: RECALL[key] for key in RECALL if key != "issuer"}, "malformed"),
        ({key: RECALL[key] for key in RECALL if key != "expires"}, "malformed"),
        (RECALL | {"values": []}, "malformed"),
        (RECALL | {"by": "somebody else"}, "malformed"),
        (GOOD, "malformed"),
        (RECALL | {"expires": "soon"}, "no_expiry"),
        (RECALL | {"expires": "2026-11-22T03:15:00"}, "no_expiry"),
        (RECALL | {"expires": rfc3339(NOW)}, "expired"),
        (RECALL | {"expires": "2026-11-22T10:15:00+08:00"}, "expired"),
        (RECALL | {"expires": rfc3339(Instant(NOW + LASTS_MOST + 1_000_000))}, "lasts_long"),
        (RECALL | {"id": "c-0"}, "replayed"),
        (RECALL | {"id": " c-0"}, "replayed"),
        (orjson.dumps(RECALL).ljust(PAYLOAD_BYTES + 1), "oversized"),
    ],
)
def test_what_does_not_hold_is_refused(said: object, error: str) -> None:
    with pytest.raises(Refused) as refused:
        judged(said)
    assert refused.value.text == f"commands.{error}"


def test_one_that_is_just_small_enough_and_lasts_just_short_enough_is_taken() -> None:
    judged(orjson.dumps(RECALL).ljust(PAYLOAD_BYTES))
    judged(RECALL | {"expires": rfc3339(Instant(NOW + LASTS_MOST))})


@pytest.mark.parametrize(
    ("error", "how"),
    [
        ("retained", {"retained": True}),
        ("not_allowed", {"allowed": frozenset({"read"})}),
        ("unsynced", {"knows_time": False}),
        ("unknown_verb", {"verb": "reboot"}),
    ],
)
def test_how_it_comes_matters_too(error: str, how: dict[str, Any]) -> None:
    judged(RECALL)
    with pytest.raises(Refused) as refused:
        judged(RECALL, **how)
    assert refused.value.text == f"commands.{error}"


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (orjson.dumps(RECALL), "c-1"),
        (b'{"id": "c-1"}', "c-1"),
        (b'{"id": 7}', None),
        (b"[]", None),
        (b"{", None),
        (orjson.dumps({"id": "x" * 65}), None),
    ],
)
def test_an_answer_names_the_command_where_that_can_be_read(payload: bytes, found: str | None) -> None:
    assert identity(payload) == found


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TIMES = st.datetimes().map(lambda at: at.isoformat() + "+14:00")
COMMANDS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just("c-1") | ANYTHING,
        "issuer": st.just("p") | ANYTHING,
        "expires": st.just(SOON) | TIMES | ANYTHING,
        "values": ANYTHING,
        "fact": st.just("recall") | ANYTHING,
        "at": ANYTHING,
        "device": ANYTHING,
        "wait": ANYTHING,
        "more": ANYTHING,
    },
)


def encoded(said: object) -> bytes:
    try:
        return orjson.dumps(said)
    except orjson.JSONEncodeError:  # lone surrogates
        return b'{"id": "\\ud800"}'


@given(
    st.sampled_from(sorted(VERBS)) | st.text(),
    st.binary() | (COMMANDS | ANYTHING).map(encoded),
    st.booleans(),
    st.booleans(),
)
def test_whatever_comes_is_judged_with_a_sentence(
    verb: str, payload: bytes, retained: bool, knows_time: bool
) -> None:
    identity(payload)
    with suppress(Refused):
        command = judged(payload, verb, retained=retained, knows_time=knows_time)
        assert not retained
        assert knows_time
        assert NOW < command.expires <= NOW + LASTS_MOST
        return
    with pytest.raises(Refused) as refused:
        judged(payload, verb, retained=retained, knows_time=knows_time)
    assert all(sentence(lang, refused.value.text, refused.value.values) for lang in LANGS)
