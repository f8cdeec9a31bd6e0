"""The units that share a port."""

from __future__ import annotations

import json
from collections.abc import Mapping

from simulators.climate import Room
from simulators.faults import Fault, touched
from simulators.modbus.unit import Answer, Unit
from simulators.options import Options, ScenarioError
from simulators.truth import Truth

UNITS = range(1, 248)


def read_units(options: Options, rooms: Mapping[str, Room]) -> dict[int, Unit]:
    """From ``{1: {kind: …}, 2-50: {kind: …}}``. Raises ScenarioError."""
    units: dict[int, Unit] = {}
    for key, described in options.each():
        first, _, last = key.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise options.error(key, "is no unit such as 11 and no range such as 2-50")
        for number in range(int(first), int(last or first) + 1):
            if number not in UNITS or number in units:
                raise options.error(key, f"unit {number} is not in 1-247, or stands here twice")
            units[number] = Unit(number, described, rooms)
        described.done()
    return units


def check_unit(port: str, units: Mapping[int, Unit], fault: Fault) -> None:
    """Raises ScenarioError where the port has no such unit, or the unit no such channel."""
    if fault.unit is None:
        return
    if fault.unit not in units:
        raise ScenarioError(f"{port}: unit {fault.unit} is none of {', '.join(map(str, units))}")
    if fault.channel is not None and fault.channel not in units[fault.unit].channels:
        raise ScenarioError(f"{port}: unit {fault.unit} has no channel {fault.channel}")


def note_reply(
    truth: Truth, port: str, answer: Answer, *, asked: str, delivered: bool, faults: Mapping[str, Fault]
) -> None:
    """The truth of one reply. asked: when its request was complete, RFC 3339."""
    if truth.kept:
        by = json.dumps(touched(faults))[1:-1] if faults else '"faults": []'
        whole = "true" if delivered else "false"
        truth.line(port, "reply", f'{answer.note}, "asked": "{asked}", "delivered": {whole}, {by}')
