"""What the faults make of one message."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.faults import FAULTS, Fault, Faults, spoil
from simulators.modbus.rtu import DAMAGE, crc
from simulators.options import Options, ScenarioError


def fault(name: str, **options: object) -> Fault:
    return Fault.read(Options("fault", {"fault": name, **options}))


messages = st.binary(min_size=4, max_size=60).map(lambda body: body + crc(body))
of_messages = st.sets(st.sampled_from(["silence", "noise", "wrong_crc", "wrong_unit", "late", "split"]))


@given(messages, of_messages, st.integers())
def test_intact_says_whether_the_message_can_be_found(message: bytes, names: set[str], seed: int) -> None:
    faults = {name: fault(name) for name in names}
    sending = spoil(message, faults, DAMAGE, random.Random(seed))
    sent = b"".join(data for _, data in sending.pieces)
    assert sending.intact == (message in sent)
    assert bool(sent) == ("silence" not in names)


@given(messages, st.integers(2, 5), st.integers())
def test_a_split_message_is_whole_when_put_together(message: bytes, pieces: int, seed: int) -> None:
    sending = spoil(message, {"split": fault("split", pieces=pieces, ms=20)}, {}, random.Random(seed))
    assert [pause for pause, _ in sending.pieces] == [0.0] + [0.02] * (pieces - 1)
    assert b"".join(data for _, data in sending.pieces) == message
    assert all(data for _, data in sending.pieces)


def test_late_comes_before_the_first_piece() -> None:
    faults = {"late": fault("late", ms=250), "split": fault("split")}
    sending = spoil(b"0123456789", faults, {}, random.Random(1))
    assert [pause for pause, _ in sending.pieces] == [0.25, 0.01, 0.01]


@pytest.mark.parametrize(("where", "found"), [("before", False), ("inside", False), ("after", True)])
def test_noise_before_a_message_ends_a_stream_that_cannot_resynchronise(where: str, found: bool) -> None:
    sending = spoil(
        b"0123456789", {"noise": fault("noise", where=where)}, {}, random.Random(1), resyncs=False
    )
    assert sending.intact == found


def test_a_rate_is_a_share_of_the_messages() -> None:
    faults = Faults()
    faults.switch(fault("late", rate=0.25), on=True)
    rng = random.Random(1)
    hit = sum("late" in faults.rolled(rng) for _ in range(4000))
    assert 850 < hit < 1150


def test_a_unit_s_own_fault_comes_before_its_port_s() -> None:
    faults = Faults()
    faults.switch(fault("late", ms=100), on=True)
    faults.switch(fault("late", unit=2, ms=900), on=True)
    assert (faults.of(1)["late"].ms, faults.of(2)["late"].ms) == (100, 900)
    faults.switch(fault("late", unit=2), on=False)
    assert faults.of(2)["late"].ms == 100
    faults.switch(fault("late"), on=False)
    assert not faults


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"fault": "silense"}, "silense is none of silence"),
        ({"fault": "silence", "ms": 3}, "ms: is no option of silence"),
        ({"fault": "echo", "unit": 1}, "whole port"),
        ({"fault": "late", "rate": 0}, "rate"),
        ({"fault": "late", "rate": 1.5}, "rate"),
        ({"fault": "noise", "where": "below"}, "where"),
        ({"fault": "split", "pieces": 1}, "pieces"),
        ({"fault": "illegal", "addresses": "1035"}, "addresses"),
        ({"fault": "illegal", "addresses": []}, "addresses"),
        ({"unit": 3}, "fault is missing"),
        ({"fault": "late", "unit": True}, "True is no int"),
    ],
)
def test_commands_that_cannot_be(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Fault.read(Options("command", options))


def test_every_fault_describes_itself() -> None:
    described = [fault(name).described() for name in FAULTS]
    assert [words["fault"] for words in described] == list(FAULTS)
    assert fault("illegal", addresses=[3, 1], unit=2).described() == {
        "fault": "illegal",
        "unit": 2,
        "addresses": [1, 3],
    }
