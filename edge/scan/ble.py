"""`tagtrail scan ble`: which driver understands what is in the air, and the lines to paste."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from drivers.ble.probe import Connected, Heard
from drivers.contract import Decoder, Driver, Instant, Reading, Reject
from edge.messages import Lang, text
from edge.scan.paste import entry, said

PORT: Final = "radio"
_ANY_TIME: Final = Instant(0)
_TAIL: Final = 6
"""Digits of an address that make a name."""


class Found(NamedTuple):
    """A device. drivers: whose decoders understand it, in the order of the catalogue; none: nobody's.
    readings: what the first of them reads, by quantity."""

    heard: Heard
    drivers: Sequence[str]
    readings: Mapping[str, Reading]


async def in_the_air(adapter: str, seconds: float, drivers: Mapping[str, Driver]) -> list[Found]:
    """The Bluetooth devices that this adapter hears, and who understands them. Raises LinkDown."""
    from drivers.ble.air import listen  # noqa: PLC0415 - bleak and D-Bus are loaded only where there is a radio

    return [found(heard, drivers) for heard in await listen(adapter, seconds)]


def found(heard: Heard, drivers: Mapping[str, Driver]) -> Found:
    """Every driver of advertisements that needs no more than an address is tried on all that was said."""
    understood = {}
    for name, driver in drivers.items():
        if "bluetooth" not in driver.sources or _required(driver) != {"address"}:
            continue
        decoder = driver.decoder(driver.decoder.options.model_validate({"address": heard.address}))
        if isinstance(decoder, Connected):
            continue
        if readings := _readings(decoder, heard):
            understood[name] = readings
    first = next(iter(understood.values()), {})
    return Found(heard, list(understood), first)


def facts(devices: Sequence[Found]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "address": each.heard.address,
            "name": each.heard.name,
            "rssi_dbm": each.heard.rssi_dbm,
            "drivers": list(each.drivers),
            "readings": {quantity: reading.value for quantity, reading in each.readings.items()},
            "frames": [frame.data.hex() for frame in each.heard.frames],
        }
        for each in devices
    ]


def as_yaml(devices: Sequence[Found], adapter: str, lang: Lang) -> str:
    """Lines of a settings file; what nobody understands, and the values, stand in comments."""
    known = [each for each in devices if each.drivers]
    strangers = [each for each in devices if not each.drivers]
    lines = ["# " + text(lang, "cli.scan_title", heard=len(devices), known=len(known), adapter=adapter)]
    if known:
        lines += ["ports:", f"  {PORT}: {{bluetooth: {adapter}}}", "devices:"]
        lines += [line for each in known for line in _entry(each, lang)]
    if strangers:
        lines.append("# " + text(lang, "cli.scan_strangers"))
        lines += [f"#   {_seen(each)}{_said(each)}" for each in strangers]
    return "\n".join(lines)


def _entry(each: Found, lang: Lang) -> Iterator[str]:
    first, *others = each.drivers
    values = ", ".join(said(reading, lang) for reading in each.readings.values())
    yield f"  # {_seen(each)}: {values}"
    if others:
        yield "  # " + text(lang, "cli.scan_others", drivers=", ".join(others))
    keys = {"driver": first, "port": PORT, "address": each.heard.address}
    yield entry(_name(first, each.heard.address), keys)


def _name(driver: str, address: str) -> str:
    return f"{driver.replace('_', '-')}-{address.replace(':', '').lower()[-_TAIL:]}"


def _seen(each: Found) -> str:
    name = "".join(letter if letter.isprintable() else "·" for letter in each.heard.name)
    return "  ".join(filter(None, [each.heard.address, f"{each.heard.rssi_dbm} dBm", name]))


def _said(each: Found) -> str:
    return f"  {each.heard.frames[-1].data.hex()}" if each.heard.frames else ""


def _required(driver: Driver) -> set[str]:
    fields = driver.decoder.options.model_fields
    return {name for name, field in fields.items() if field.is_required()}


def _readings(decoder: Decoder, heard: Heard) -> dict[str, Reading]:
    """The newest of each quantity; what is refused is another family's, or sealed."""
    readings: dict[str, Reading] = {}
    for frame in heard.frames:
        try:
            heard_of = decoder.decode(frame, _ANY_TIME)
        except Reject:
            continue
        readings |= {item.quantity: item for item in heard_of if isinstance(item, Reading)}
    return readings
