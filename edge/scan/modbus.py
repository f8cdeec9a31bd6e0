"""`tagtrail scan modbus`: the units that answer, the profiles they are like, and an unknown register read in
every way there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from pydantic import ValidationError

from drivers.contract import Answer, NoAnswer, Port, Reading
from drivers.links.serial import Parity, open_serial
from drivers.links.tcp import open_tcp
from drivers.modbus.likeness import Likeness
from drivers.modbus.profile import Profile
from drivers.modbus.spellings import Place, places, spellings
from drivers.modbus.sweep import SETTINGS, Sweep, Swept, Unit, Way
from edge.bounds import checked
from edge.messages import Lang, text, word
from edge.quantities import QUANTITIES
from edge.scan.paste import comments, entry, name_of, port_name, said
from edge.settings.profiles import Profiles
from edge.settings.values import host_port

TCP_PORT: Final = 502
"""Of Modbus TCP (IANA)."""

SERIAL_TIMEOUT_S: Final = 0.15
TCP_TIMEOUT_S: Final = 0.25
"""How long a knock is waited for: most instruments answer within 100 ms."""


class Target(NamedTuple):
    """What is swept. path: of a serial line, else "". host, number: of a TCP endpoint."""

    path: str
    host: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """A name for the port in the settings."""
        return port_name(self.path) if self.path else name_of(self.host, self.number)

    @property
    def where(self) -> str:
        """What people call it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.path or f"{host}:{self.number}"


class Registers(NamedTuple):
    """An unknown register of a unit: what stands at each place that its number may mean."""

    unit: int
    number: int
    answers: Mapping[Place, Answer]


def target(words: str) -> Target:
    """A path, or host[:port]. Raises ValueError."""
    if "/" in words:
        return Target(str(Path(words).absolute()))
    return Target("", *host_port(words, TCP_PORT))


def ways(
    where: Target, bauds: Sequence[int], parities: Sequence[Parity], timeout_s: float | None
) -> list[Way]:
    """The settings to try, the most usual first; bauds, parities: these alone; none given: all."""
    if not where.path:
        patience_s = timeout_s or TCP_TIMEOUT_S
        tcp = Port(where.name, "tcp", patience_s, where=where.where)
        open_link = partial(open_tcp, where.host, where.number)
        return [Way(tcp, open_link), Way(tcp._replace(framing="rtu"), open_link)]
    usual = [(baud, parity) for baud, parity in SETTINGS if baud in (bauds or (baud,))]
    usual += product(bauds, get_args(Parity))
    chosen = [(baud, parity) for baud, parity in dict.fromkeys(usual) if parity in (parities or (parity,))]
    serial = Port(where.name, "serial", timeout_s or SERIAL_TIMEOUT_S, where=where.path)
    return [
        Way(serial._replace(baud=baud), partial(open_serial, where.path, baud, parity), parity)
        for baud, parity in chosen
    ]


def plausible(reading: Reading) -> bool:
    """Whether it can be true of its quantity, around meat."""
    return reading.quantity not in QUANTITIES or checked(reading) is reading


def sound(profiles: Profiles) -> dict[str, Mapping[str, object]]:
    """Those that hold; `check` says of the others what is wrong. Raises SettingsError."""
    holding = {}
    for name in profiles:
        try:
            Profile.model_validate(profiles[name])
        except ValidationError:
            continue
        holding[name] = profiles[name]
    return holding


def setting(way: Way, lang: Lang) -> str:
    """A way in a few words."""
    if way.port.kind == "serial":
        return f"{way.port.baud} 8{way.parity[0].upper()}1"
    return text(lang, "scan.over_rtu" if way.port.rtu else "scan.over_tcp")


async def read_register(sweep: Sweep, way: Way, unit: int, number: int) -> dict[Place, Answer]:
    """What stands at each place that the number may mean: two registers, or one where there is no second.
    Raises LinkDown, LineInUse."""
    meant = places(number)
    pairs = await sweep.read(way, [place.request(unit, 2) for place in meant])
    alone = [place.request(unit, 1) for place in meant if isinstance(pairs[place.request(unit, 2)], NoAnswer)]
    singles = await sweep.read(way, alone) if alone else {}
    return {place: singles.get(place.request(unit, 1), pairs[place.request(unit, 2)]) for place in meant}


def facts(swept: Swept, registers: Sequence[Registers]) -> dict[str, Any]:
    """For programs."""
    port = swept.way.port
    line = {"baud": port.baud, "parity": swept.way.parity} if port.kind == "serial" else {}
    return {
        port.kind: port.where,
        "framing": "rtu" if port.rtu else "tcp",
        **line,
        "answers_to_every_unit": swept.everywhere,
        "units": [
            {"unit": unit.number, "profiles": [_likeness_facts(like) for like in unit.candidates]}
            for unit in swept.units
        ],
        "registers": [_register_facts(each) for each in registers],
    }


def _likeness_facts(like: Likeness) -> dict[str, Any]:
    return {
        "profile": like.profile,
        "points": like.points,
        "error_values": like.error_values,
        "channels": [
            {"channel": channel, "readings": {reading.quantity: reading.value for reading in readings}}
            for channel, readings in like.channels.items()
        ],
    }


def _register_facts(registers: Registers) -> dict[str, Any]:
    return {
        "unit": registers.unit,
        "number": registers.number,
        "places": [
            {
                **place._asdict(),
                "refused": answer.value if isinstance(answer, NoAnswer) else None,
                "hex": None if isinstance(answer, NoAnswer) else answer.hex(),
                "spellings": []
                if isinstance(answer, NoAnswer)
                else [spelling._asdict() for spelling in spellings(answer)],
            }
            for place, answer in registers.answers.items()
        ],
    }


def as_yaml(swept: Swept, registers: Sequence[Registers], lang: Lang) -> str:
    """Lines of a settings file; what is no candidate's stands in comments."""
    way = swept.way
    known = [unit for unit in swept.units if unit.candidates]
    title = text(
        lang,
        "scan.modbus_title",
        where=way.port.where,
        setting=setting(way, lang),
        units=len(swept.units),
        known=len(known),
    )
    lines = list(comments([title]))
    if swept.everywhere:
        lines += comments([text(lang, "scan.everywhere", unit=swept.units[0].number)])
    lines += ["ports:", entry(way.port.name, _port_keys(way))]
    if known:
        lines += ["devices:", *(line for unit in known for line in _devices(unit, way, lang))]
    for unit in swept.units:
        if not unit.candidates:
            lines += comments([text(lang, "scan.unknown_unit", unit=unit.number, where=way.port.where)])
    lines += comments(line for each in registers for line in _table(each, lang))
    return "\n".join(lines)


def _port_keys(way: Way) -> dict[str, Any]:
    port = way.port
    if port.kind == "serial":
        parity = {} if way.parity == "none" else {"parity": way.parity}
        return {"serial": port.where, "baud": port.baud, **parity}
    return {"tcp": port.where, **({"framing": "rtu"} if port.rtu else {})}


def _devices(unit: Unit, way: Way, lang: Lang) -> Iterator[str]:
    first, *others = unit.candidates
    evidence = text(
        lang,
        "scan.evidence",
        unit=unit.number,
        profile=first.profile,
        points=first.points,
        error_values=first.error_values,
    )
    yield from comments([evidence], "  ")
    if others:
        also = ", ".join(f"{like.profile} ({like.points})" for like in others)
        yield from comments([text(lang, "scan.also_fits", profiles=also)], "  ")
    for channel, readings in first.channels.items():
        yield from comments([", ".join(said(reading, lang) for reading in readings)], "  ")
        keys: dict[str, Any] = {"driver": "modbus", "port": way.port.name, "unit": unit.number}
        keys |= ({} if channel is None else {"channel": channel}) | {"profile": first.profile}
        yield entry(name_of(first.profile, way.port.name, unit.number, channel), keys)


def _table(registers: Registers, lang: Lang) -> Iterator[str]:
    yield text(lang, "scan.register", unit=registers.unit, number=registers.number)
    for place, answer in registers.answers.items():
        counting = text(lang, f"scan.{place.counting}")
        what = {"function": place.function, "address": place.address, "counting": counting}
        if isinstance(answer, NoAnswer):
            yield "  " + text(lang, "scan.place_refused", **what, reason=word(lang, answer))
            continue
        yield "  " + text(lang, "scan.place", **what, hex=answer.hex(" "))
        yield f"    {'':8} {'':4} {'x 1':>14} {'x 0.1':>14} {'x 0.01':>14}"
        for spelling in spellings(answer):
            values = " ".join(f"{value:>14.10g}" for value in spelling.values)
            yield f"    {spelling.type:8} {spelling.order:4} {values}"
    yield text(lang, "scan.register_next")
