"""The verb `scan` and its three kinds."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from ipaddress import AddressValueError
from pathlib import Path
from typing import Any, Final, get_args

import click

from drivers.contract import Driver
from drivers.links.ports import clients, holders, serial_port, serial_ports
from drivers.links.serial import Parity
from drivers.modbus.conversation import LineInUse
from drivers.modbus.sweep import Sweep, Swept, Way
from edge.messages import Lang, text
from edge.scan import ble, modbus, serial
from edge.settings.devices import Baud
from edge.settings.profiles import profiles_for
from edge.verb import EXIT_NO, EXIT_UNREACHABLE, DurationType, end, json_option, print_json

UNITS: Final = range(1, 248)
ALL_UNITS: Final = f"{UNITS[0]}-{UNITS[-1]}"
LARGEST_NUMBER: Final = 465_536
"""Of a register, as Modicon counts them."""

SHOWN_BYTES: Final = 24


def scan(lang: Lang, drivers: Mapping[str, Driver]) -> click.Group:
    """The verb; drivers: the catalogue."""
    kinds = [_serial(lang, drivers), _modbus(lang), _ble(lang, drivers)]
    return click.Group("scan", help=text(lang, "cli.scan"), commands=kinds)


def _ble(lang: Lang, drivers: Mapping[str, Driver]) -> click.Command:
    @click.command("ble", help=text(lang, "cli.scan_ble"))
    @click.option("--adapter", default="hci0", show_default=True, help=text(lang, "cli.option_adapter"))
    @click.option(
        "--for",
        "seconds",
        type=DurationType(),
        default="10s",
        show_default=True,
        help=text(lang, "cli.option_listen"),
    )
    @json_option(lang)
    def verb(adapter: str, seconds: float, as_json: bool) -> None:
        devices = asyncio.run(ble.in_the_air(adapter, seconds, drivers))
        if as_json:
            print_json(ble.facts(devices))
        else:
            click.echo(ble.as_yaml(devices, adapter, lang))

    return verb


def _serial(lang: Lang, drivers: Mapping[str, Driver]) -> click.Command:
    @click.command("serial", help=text(lang, "scan.serial"))
    @click.option("--port", "paths", multiple=True, metavar="PATH", help=text(lang, "scan.option_port"))
    @click.option(
        "--seconds",
        type=click.FloatRange(0.1, 3600),
        default=15,
        show_default=True,
        help=text(lang, "scan.option_seconds"),
    )
    @click.option("--ask", "asking", is_flag=True, help=text(lang, "scan.option_ask"))
    @json_option(lang)
    def verb(paths: tuple[str, ...], seconds: float, asking: bool, as_json: bool) -> None:
        ports = [serial_port(str(Path(path).absolute())) for path in paths] if paths else serial_ports()
        click.echo(text(lang, "scan.listening", ports=len(ports), seconds=f"{seconds:g}"), err=True)
        scanned = asyncio.run(serial.scan(ports, drivers, seconds, asking=asking))
        if as_json:
            print_json(serial.facts(scanned))
        else:
            click.echo(serial.as_yaml(scanned, lang))
        unreachable = [each.hearing is None for each in scanned]
        if any(unreachable) if paths else unreachable and all(unreachable):
            sys.exit(EXIT_UNREACHABLE)

    return verb


class _Units(click.ParamType[range]):
    """``11`` or ``1-20``."""

    name = "units"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        written = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", str(value))
        first, last = (int(written[1]), int(written[2] or written[1])) if written else (0, 0)
        if not UNITS[0] <= first <= last <= UNITS[-1]:
            self.fail(f"{value!r}: 11, 1-20; {ALL_UNITS}", param, ctx)
        return range(first, last + 1)


def _modbus(lang: Lang) -> click.Command:
    @click.command("modbus", help=text(lang, "scan.modbus"))
    @click.argument("where", metavar="PORT|HOST[:PORT]")
    @click.option("--unit", "units", type=_Units(), multiple=True, help=text(lang, "scan.option_unit"))
    @click.option(
        "--baud",
        "bauds",
        type=click.Choice([str(baud) for baud in get_args(Baud)]),
        multiple=True,
        metavar="BAUD",
        help=text(lang, "scan.option_baud"),
    )
    @click.option(
        "--parity",
        "parities",
        type=click.Choice(get_args(Parity)),
        multiple=True,
        help=text(lang, "scan.option_parity"),
    )
    @click.option("--timeout", "timeout_s", type=DurationType(), help=text(lang, "scan.option_timeout"))
    @click.option(
        "--register", type=click.IntRange(0, LARGEST_NUMBER), help=text(lang, "scan.option_register")
    )
    @click.option("--force", is_flag=True, help=text(lang, "scan.option_force"))
    @json_option(lang)
    def verb(
        where: str,
        units: tuple[range, ...],
        *,
        bauds: tuple[str, ...],
        parities: tuple[Parity, ...],
        timeout_s: float | None,
        register: int | None,
        force: bool,
        as_json: bool,
    ) -> None:
        target = _target(where, lang)
        _expect_free(target, lang, force=force)
        ways = modbus.ways(target, [int(baud) for baud in bauds], parities, timeout_s)
        profiles = modbus.sound(profiles_for(Path.cwd() / "settings.yaml"))
        progress = _Progress(lang)
        sweep = Sweep(profiles, modbus.plausible, progress, force=force)
        numbers = sorted({unit for each in units or (UNITS,) for unit in each})
        try:
            swept, registers = asyncio.run(_swept(sweep, ways, numbers, register, named=bool(units)))
        except LineInUse as stop:
            end(_in_use(stop, target, lang), EXIT_NO)
        finally:
            progress.end()
        if swept is None:
            end(text(lang, "scan.nobody", where=target.where), EXIT_NO)
        if as_json:
            print_json(modbus.facts(swept, registers))
        else:
            click.echo(modbus.as_yaml(swept, registers, lang))

    return verb


async def _swept(
    sweep: Sweep, ways: Sequence[Way], units: Sequence[int], register: int | None, *, named: bool
) -> tuple[Swept | None, list[modbus.Registers]]:
    """named: the units were, so that the register of each is wanted; else of those that nothing fits."""
    swept = await sweep.run(ways, units)
    if swept is None or register is None:
        return swept, []
    read = []
    for unit in swept.units:
        if named or not unit.candidates:
            answers = await modbus.read_register(sweep, swept.way, unit.number, register)
            read.append(modbus.Registers(unit.number, register, answers))
    return swept, read


def _target(where: str, lang: Lang) -> modbus.Target:
    try:
        return modbus.target(where)
    except (ValueError, AddressValueError) as error:
        raise click.UsageError(text(lang, "scan.no_target", where=where)) from error


def _expect_free(target: modbus.Target, lang: Lang, *, force: bool) -> None:
    """A port that another program has open is let alone; a host that one talks to, unless it is forced."""
    held = holders(target.path) if target.path else clients(target.host, target.number)
    if not held or (force and not target.path):
        return
    gateways = [holder for holder in held if serial.is_gateway(holder)]
    by = ", ".join(map(str, gateways or held))
    said = text(lang, "scan.held_by_gateway" if gateways else "scan.held", by=by)
    end(f"{target.where}: {said}", EXIT_UNREACHABLE)


def _in_use(stop: LineInUse, target: modbus.Target, lang: Lang) -> str:
    if stop.units:
        return text(lang, "scan.other_master", where=target.where, units=", ".join(map(str, stop.units)))
    return text(lang, "scan.other_talk", where=target.where, hex=stop.heard[:SHOWN_BYTES].hex(" "))


class _Progress:
    """How far a sweep is, on standard error: a line for each setting and each unit found, and on a terminal
    the unit just asked."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._counts = sys.stderr.isatty()

    def trying(self, way: Way, units: int) -> None:
        self._say(text(self._lang, "scan.trying", setting=modbus.setting(way, self._lang), units=units))

    def asked(self, unit: int, *, answers: bool) -> None:
        if answers:
            self._say(text(self._lang, "scan.answers", unit=unit))
        elif self._counts:
            click.echo(f"\r{unit:4} ", err=True, nl=False)

    def end(self) -> None:
        """Takes the count off the terminal."""
        if self._counts:
            click.echo("\r     \r", err=True, nl=False)

    def _say(self, line: str) -> None:
        click.echo(f"\r{line}" if self._counts else line, err=True)
