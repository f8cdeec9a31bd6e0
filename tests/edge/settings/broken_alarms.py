"""Limits that do not hold, of ``tests/configs/good/whole.yaml``."""

from __future__ import annotations

from tests.edge.settings.broken import Broken

WARM = "alarms.chiller-1-warm"

ALARMS = [
    Broken(
        "    points: [chiller-1-air.temp",
        "    points: [‸chiller-1-ai.temp",
        f"{WARM}.points[0]",
        "unknown_device_near",
        "did you mean chiller-1-air",
    ),
    Broken(
        "    points: [chiller-1-air.temperature,",
        "    points: [‸zzz.temperature,",
        f"{WARM}.points[0]",
        "unknown_device",
        "add it under devices",
    ),
    Broken(
        "[chiller-1-air.temperature, ",
        "[‸chiller-1-air.humidity, ",
        f"{WARM}.points[0]",
        "unknown_quantity",
        "temperature",
    ),
    Broken(
        "[chiller-1-air.temperature, ",
        "[‸chiller-1-air, ",
        f"{WARM}.points[0]",
        "point_form",
        "device.quantity",
    ),
    Broken(
        "    points: [chiller-1-air.temperature, chiller-1-core.temperature]",
        "    points: ‸[]",
        f"{WARM}.points",
        "no_points",
        "at least one",
    ),
    Broken(
        "    above: 4.0\n",
        "    above: 4.0\n    below: ‸1.0\n",
        f"{WARM}.below",
        "limits_two",
        "above stands already",
    ),
    Broken(
        "clear_below: 3.5",
        "clear_above: ‸3.5",
        f"{WARM}.clear_above",
        "clear_unused",
        "goes with below",
    ),
    Broken(
        "clear_below: 3.5",
        "clear_below: ‸4.5",
        f"{WARM}.clear_below",
        "clear_beyond",
        "above: 4.0",
    ),
    Broken(
        "unless: body-control.defrost",
        "unless: ‸chiller-1-air.temperature",
        f"{WARM}.unless",
        "point_no_state",
        "true or false",
    ),
    Broken(
        "{points: [body-control.defrost], equals: true",
        "{points: [‸body-control.defrost], above: 1",
        "alarms.defrosts.points[0]",
        "point_is_state",
        "equals: true",
    ),
    Broken(
        "{points: [body-air.temperature], below: -2.0, clear_above: -1.0",
        "{points: [‸body-air.temperature], equals: true",
        "alarms.body-frost.points[0]",
        "point_no_state",
        "is a number",
    ),
    Broken(
        "body-rise: {points: [body-air.temperature], rises: {by: 2.0, within: 15min}}",
        "body-rise: ‸{points: [body-air.temperature]}",
        "alarms.body-rise",
        "any_kind",
        "rises",
    ),
]
