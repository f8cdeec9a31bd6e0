"""`tagtrail scan serial`: the ports there are, who has them, and which driver understands what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from drivers.contract import Driver, LinkDown
from drivers.hearing import Hearing, Setting, ask, hear
from drivers.links.ports import Adapter, Holder, SerialPort
from drivers.links.serial import open_serial
from drivers.recognition import candidates, is_mere_text
from edge.messages import Lang, text
from edge.scan.paste import comments, entry, name_of, port_name, said
from edge.settings import stable_names

SHOWN_BYTES: Final = 24
SHOWN_OBSERVATIONS: Final = 3


class Scanned(NamedTuple):
    """A port. stable: its names that stay. hearing: what it said; None: it was not listened to. failure: why
    it could not be."""

    port: SerialPort
    stable: Sequence[str] = ()
    hearing: Hearing | None = None
    failure: str = ""

    @property
    def path(self) -> str:
        """What the settings should call it."""
        return next(iter(self.stable), self.port.path)

    @property
    def known(self) -> bool:
        """Whether a driver understands it."""
        return self.hearing is not None and bool(self.hearing.understood)


async def scan(
    ports: Sequence[SerialPort], drivers: Mapping[str, Driver], wait_s: float, *, asking: bool
) -> list[Scanned]:
    """All ports at the same time. wait_s: for the first byte. asking: whether readers that say nothing by
    themselves may be asked. A port that another program has open is let alone."""
    return await asyncio.gather(*(_scanned(port, drivers, wait_s, asking) for port in ports))


async def _scanned(port: SerialPort, drivers: Mapping[str, Driver], wait_s: float, asking: bool) -> Scanned:
    scanned = Scanned(port, _stable(port.path))
    if port.holders:
        return scanned
    tried = list(candidates(drivers))
    open_at = partial(open_serial, port.path)
    try:
        hearing = await hear(open_at, tried, wait_s)
        if asking and not hearing.data:
            hearing = await ask(open_at, tried) or hearing
    except LinkDown as error:
        return scanned._replace(failure=str(error))
    return scanned._replace(hearing=hearing)


def _stable(path: str) -> list[str]:
    """Only what udev counts has names that stay; what was named otherwise is called so for a reason."""
    counted = path.startswith("/dev/tty")
    return list(stable_names.names(path, "serial")) if counted else []


def is_gateway(holder: Holder) -> bool:
    """Whether it is a gateway that runs: ``tagtrail run …`` or ``python -m edge run …``."""
    words = [Path(word).name for word in holder.arguments]
    return "run" in words and ("tagtrail" in words or "-m edge run" in " ".join(words))


def facts(scanned: Sequence[Scanned]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "port": each.port.path,
            "stable_names": list(each.stable),
            "adapter": each.port.adapter._asdict() if each.port.adapter else None,
            "held_by": [
                {"name": holder.name, "process": holder.process, "gateway": is_gateway(holder)}
                for holder in each.port.holders
            ],
            "failure": each.failure or None,
            **_heard_facts(each.hearing),
        }
        for each in scanned
    ]


def _heard_facts(hearing: Hearing | None) -> dict[str, Any]:
    if hearing is None:
        return {"listened": False}
    return {
        "listened": True,
        **hearing.setting._asdict(),
        "bytes": len(hearing.data),
        "speeds": list(hearing.speeds),
        "hex": hearing.data[:SHOWN_BYTES].hex(),
        "modbus_units": list(hearing.bus),
        "drivers": [
            {"driver": made.candidate.driver, **made.candidate.options, "frames": made.frames}
            for made in hearing.understood
        ],
    }


def as_yaml(scanned: Sequence[Scanned], lang: Lang) -> str:
    """Lines of a settings file; what nobody understands stands in comments."""
    known = [each for each in scanned if each.known]
    title = text(lang, "scan.serial_title", ports=len(scanned), known=len(known))
    lines = list(comments([title]))
    if known:
        lines += ["ports:", *(line for each in known for line in _port(each, lang))]
        lines += ["devices:", *(line for each in known for line in _device(each, lang))]
    for each in scanned:
        if not each.known:
            lines += comments(_unknown(each, lang))
    return "\n".join(lines)


def _port(each: Scanned, lang: Lang) -> Iterator[str]:
    assert each.hearing is not None
    yield from comments([_title(each, lang)], "  ")
    setting = each.hearing.setting
    keys: dict[str, Any] = {"serial": each.path, "baud": setting.baud}
    if setting != Setting(setting.baud):
        keys |= {"parity": setting.parity, "data_bits": setting.data_bits}
    yield entry(port_name(each.port.path), keys)


def _device(each: Scanned, lang: Lang) -> Iterator[str]:
    assert each.hearing is not None
    first, *others = each.hearing.understood
    newest = ", ".join(said(item, lang) for item in first.observations[-SHOWN_OBSERVATIONS:])
    yield from comments([text(lang, "scan.understood", frames=first.frames, said=newest)], "  ")
    if is_mere_text(first):
        yield from comments([text(lang, "scan.mere_text")], "  ")
    if others:
        drivers = ", ".join(made.candidate.driver for made in others)
        yield from comments([text(lang, "cli.scan_others", drivers=drivers)], "  ")
    port = port_name(each.port.path)
    keys = {"driver": first.candidate.driver, "port": port, **first.candidate.options}
    yield entry(name_of(first.candidate.driver, port), keys)


def _unknown(each: Scanned, lang: Lang) -> Iterator[str]:
    """What a port is, and why nothing can be pasted for it."""
    yield f"{_title(each, lang)}:"
    yield "  " + _why(each, lang)


def _why(each: Scanned, lang: Lang) -> str:
    if each.port.holders:
        gateways = [holder for holder in each.port.holders if is_gateway(holder)]
        by = ", ".join(map(str, gateways or each.port.holders))
        return text(lang, "scan.held_by_gateway" if gateways else "scan.held", by=by)
    hearing = each.hearing
    if hearing is None:
        return each.failure
    if hearing.bus:
        units = ", ".join(map(str, hearing.bus))
        return text(lang, "scan.modbus_heard", units=units, baud=hearing.setting.baud)
    if not hearing.data:
        return text(lang, "scan.silent", path=each.port.path)
    first = hearing.data[:SHOWN_BYTES].hex(" ")
    speeds = ", ".join(map(str, hearing.speeds))
    return text(
        lang, "scan.unknown", bytes=len(hearing.data), baud=hearing.setting.baud, hex=first, speeds=speeds
    )


def _title(each: Scanned, lang: Lang) -> str:
    names = [each.port.path, *each.stable, *_adapter(each.port.adapter, lang)]
    return "  ".join(names)


def _adapter(adapter: Adapter | None, lang: Lang) -> Iterator[str]:
    if adapter is not None:
        serial = adapter.serial or text(lang, "scan.no_serial_number")
        yield " ".join(filter(None, [adapter.vendor, adapter.product, adapter.ids, serial]))
