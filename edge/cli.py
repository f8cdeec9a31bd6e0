"""The command `tagtrail`; each verb a few lines over the modules beside this one (DESIGN §4).

Exit codes: 0 done, 1 it ran and the answer is no, 2 bad usage or configuration, 3 a device or server could
not be reached.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from drivers.contract import Instant, LinkDown
from edge import completion, gateway, show, typed, watching
from edge import trace as traced
from edge.control import NoDaemon, Refused, ask
from edge.diagnosis import verb as diagnosing
from edge.diagnosis.recent import RecentLog
from edge.errors import DidNotStart, JournalDamagedError, JournalError, SettingsError
from edge.evidence import holding
from edge.evidence import verify as evidence
from edge.evidence.seals import Handover, is_public_key
from edge.export import verb as exporting
from edge.journal.database import expect_readable
from edge.messages import LANGS, Lang, from_locale, sentence, text
from edge.rereading import Rereading
from edge.scan import verbs as scanning
from edge.verb import EXIT_NO, EXIT_UNREACHABLE, EXIT_USAGE, DurationType, end, json_option, print_json

log = logging.getLogger(__name__)

CONFIG: Final = click.argument("config", type=click.Path(path_type=Path))


def main() -> None:
    """Entry point of the console script."""
    lang = lang_of(sys.argv[1:])
    try:
        build(lang).main(prog_name="tagtrail")
    except SettingsError as error:
        end(show.problems(error, lang), EXIT_USAGE)
    except JournalError as error:
        end(text(lang, "cli.journal_error", detail=error), EXIT_NO)
    except DidNotStart as error:
        end(text(lang, "cli.did_not_start", detail=error), EXIT_NO)
    except Refused as refused:
        unreachable = refused.error in {"link_down", "no_reading"}
        said = sentence(lang, refused.text, refused.values)
        end(said, EXIT_UNREACHABLE if unreachable else EXIT_NO)
    except LinkDown as error:
        end(text(lang, "cli.link_down", detail=error), EXIT_UNREACHABLE)


def lang_of(arguments: list[str]) -> Lang:
    """The language decides the help texts too, so it is read before click parses the rest."""
    for at, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            value = value or "".join(arguments[at + 1 : at + 2])
            return "zh" if value == "zh" else "en"
    return from_locale()


def build(lang: Lang) -> click.Group:
    """The command with all that people read in ``lang``."""
    verbs = [make(lang) for make in VERBS]
    group = click.Group("tagtrail", help=text(lang, "cli.tagtrail"), commands=verbs)
    inner = [each for verb in verbs if isinstance(verb, click.Group) for each in verb.commands.values()]
    for command in (group, *verbs, *inner):
        option = click.Option(
            ["--lang"], type=click.Choice(LANGS), help=text(lang, "cli.option_lang"), expose_value=False
        )
        command.params.append(option)
    return click.version_option(package_name="tagtrail", help=text(lang, "cli.option_version"))(group)


def run(lang: Lang) -> click.Command:
    @click.command("run", help=text(lang, "cli.run"))
    @CONFIG
    @click.option("--log-level", type=click.Choice(["debug", "info", "warning"]), default="info")
    def verb(config: Path, log_level: str) -> None:
        logging.basicConfig(level=log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
        logging.getLogger().addHandler(RecentLog())
        asyncio.run(serve(config))

    return verb


async def serve(config: Path) -> None:
    """The daemon, until SIGTERM or SIGINT. Raises SettingsError, JournalError."""
    faulthandler.enable()  # systemd's watchdog ends what hangs with SIGABRT: then its stacks are told
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    rereading = Rereading(config)
    loop.add_signal_handler(signal.SIGHUP, rereading.asked.set)
    settings = gateway.load(config)
    while not stop.is_set():
        running = await gateway.Gateway.open(settings)
        try:
            await running.run(stop, rereading)
        except JournalDamagedError as error:
            log.error("%s", error)
        settings = running.settings  # those in force, whatever the file says by now


def check(lang: Lang) -> click.Command:
    @click.command("check", help=text(lang, "cli.check"))
    @CONFIG
    @json_option(lang)
    def verb(config: Path, as_json: bool) -> None:
        try:
            settings = gateway.load(config)
            expect_readable(settings.journal.path)
        except SettingsError as error:
            if not as_json:
                raise
            print_json({"ok": False, "problems": show.problem_facts(error.problems, lang)})
            sys.exit(EXIT_USAGE)
        devices, ports = len(settings.devices), len(settings.ports)
        if as_json:
            warnings = show.problem_facts(settings.warnings, lang)
            print_json({"ok": True, "devices": devices, "ports": ports, "warnings": warnings})
        else:
            if settings.warnings:
                click.echo(show.warnings(settings.warnings, lang), err=True)
            click.echo(text(lang, "cli.check_holds", config=config, devices=devices, ports=ports))

    return verb


def read(lang: Lang) -> click.Command:
    @click.command("read", help=text(lang, "cli.read"))
    @CONFIG
    @click.argument("device", shell_complete=completion.devices(gateway.load))
    @click.option("--wait", "wait_s", type=float, help=text(lang, "cli.option_wait"))
    @json_option(lang)
    def verb(config: Path, device: str, wait_s: float | None, as_json: bool) -> None:
        reading = asyncio.run(_read(config, device, wait_s))
        if as_json:
            print_json(reading)
        else:
            click.echo(show.reading(reading, lang))

    return verb


async def _read(config: Path, device: str, wait_s: float | None) -> Any:
    settings = gateway.load(config)
    try:
        return await ask(settings.journal.path, "read", device=device, wait=wait_s)
    except NoDaemon:
        return await gateway.read_without_daemon(settings, device, wait_s)


def status(lang: Lang) -> click.Command:
    return watching.status(lang, gateway.load)


def enter(lang: Lang) -> click.Command:
    def list_facts(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted:
            click.echo(show.facts(lang))
            ctx.exit()

    @click.command("enter", help=text(lang, "cli.enter"))
    @CONFIG
    @click.argument("fact")
    @click.argument("words", nargs=-1, metavar="[KEY=VALUE]...")
    @click.option(
        "--facts",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=list_facts,
        help=text(lang, "cli.option_facts"),
    )
    @json_option(lang)
    def verb(config: Path, fact: str, words: tuple[str, ...], as_json: bool) -> None:
        settings = gateway.load(config)
        try:
            request = typed.request(fact, words, settings.gateway.timezone, datetime.now(UTC))
            answer = asyncio.run(ask(settings.journal.path, "enter", **request))
        except typed.Mistyped as mistyped:
            end(sentence(lang, f"facts.{mistyped.key}", mistyped.values), EXIT_USAGE)
        except NoDaemon:
            end(text(lang, "cli.no_daemon", journal=settings.journal.path), EXIT_UNREACHABLE)
        except Refused as refused:
            if not as_json:
                raise
            said = sentence(lang, refused.text, refused.values)
            print_json({"ok": False, "problem": refused.error, "sentence": said})
            sys.exit(EXIT_NO)
        if as_json:
            print_json({"ok": True, **answer})
        else:
            click.echo(show.entered(answer["records"], lang))

    return verb


def verify(lang: Lang) -> click.Command:
    @click.command("verify", help=text(lang, "cli.verify"))
    @click.argument("path", type=click.Path(path_type=Path))
    @click.option("--key", "public", metavar="PUB", help=text(lang, "cli.verify_key"))
    @click.option("--seal", "seal_file", type=click.Path(path_type=Path), help=text(lang, "cli.verify_seal"))
    @click.option("--captured", is_flag=True, help=text(lang, "cli.verify_captured"))
    @click.option("--export", "to", type=click.File("wb"), help=text(lang, "cli.verify_export"))
    @json_option(lang)
    def verb(
        path: Path, public: str | None, seal_file: Path | None, *, captured: bool, to: Any, as_json: bool
    ) -> None:
        handovers: list[Handover] = []
        if path.suffix in {".yaml", ".yml"}:
            settings = gateway.load(path)
            path = settings.journal.path
            handovers = holding.handovers(settings)
            public = public or holding.signing_key(settings, make=False).public
        if public is None:
            raise click.UsageError(text(lang, "cli.verify_needs_key", path=path))
        if not is_public_key(public):
            raise click.UsageError(text(lang, "cli.verify_key_form"))
        witnessed = evidence.witnesses(seal_file) if seal_file else []
        verdict = evidence.verify(evidence.source_of(path, captured=captured), public, witnessed, handovers)
        if to is not None:
            to.writelines(line + b"\n" for line in evidence.export(path))
        if as_json:
            print_json(show.verdict_facts(verdict))
        else:
            click.echo(show.verdict(verdict, lang))
        if not verdict.holds:
            sys.exit(EXIT_NO)

    return verb


def key(lang: Lang) -> click.Command:
    @click.command("key", help=text(lang, "cli.key"))
    @CONFIG
    @click.option("--rotate", is_flag=True, help=text(lang, "cli.key_rotate"))
    @json_option(lang)
    def verb(config: Path, rotate: bool, as_json: bool) -> None:
        settings = gateway.load(config)
        if rotate:
            holding.rotate(settings, Instant(time.time_ns()))
        public = holding.signing_key(settings, make=False).public
        handovers = [each._asdict() for each in holding.handovers(settings)]
        if as_json:
            print_json({"key": public, "handovers": handovers})
            return
        click.echo(text(lang, "cli.key_public", public=public))
        for each in handovers:
            click.echo(text(lang, "cli.key_handover", **each))
        if rotate:
            click.echo(text(lang, "cli.key_rotated"))

    return verb


def scan(lang: Lang) -> click.Command:
    return scanning.scan(lang, gateway.drivers())


def trace(lang: Lang) -> click.Command:
    @click.command("trace", help=text(lang, "trace.verb"))
    @CONFIG
    @click.argument("code", required=False)
    @click.option("--around", type=click.IntRange(0, 1000), default=0, help=text(lang, "trace.option_around"))
    @click.option("--lot", help=text(lang, "trace.option_lot"))
    @click.option("--county", help=text(lang, "trace.option_county"))
    @click.option("--from", "since", help=text(lang, "trace.option_from"))
    @click.option("--to", "until", help=text(lang, "trace.option_to"))
    @json_option(lang)
    def verb(config: Path, as_json: bool, **question: Any) -> None:
        settings = gateway.load(config)
        try:
            facts, shown = traced.answered(settings, lang, traced.Question(**question), _choice(lang))
        except traced.Unclear as unclear:
            raise click.UsageError(unclear.sentence) from unclear
        except traced.NothingKnown as nothing:
            end(text(lang, "trace.nothing", code=nothing), EXIT_NO)
        if as_json:
            print_json(facts)
        else:
            click.echo(shown)

    return verb


def _choice(lang: Lang) -> Callable[[list[str]], str] | None:
    """Asks who sits at a terminal; None: nobody does."""
    if not sys.stdin.isatty():
        return None
    return lambda nodes: click.prompt(text(lang, "trace.which"), type=click.Choice(nodes))


def simulate(lang: Lang) -> click.Command:
    @click.command(
        "simulate",
        help=text(lang, "cli.simulate"),
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def verb(arguments: tuple[str, ...]) -> None:
        os.execv(sys.executable, [sys.executable, "-m", "simulators", *arguments])  # noqa: S606 - no shell wanted

    return verb


def demo(lang: Lang) -> click.Command:
    @click.command("demo", help=text(lang, "cli.demo"))
    @click.argument("site", required=False, type=click.Choice(["slaughterhouse", "truck", "coldstore"]))
    @click.option("--broker", metavar="URL", help=text(lang, "cli.option_broker"))
    @click.option("--for", "duration_s", type=DurationType(), help=text(lang, "cli.option_for"))
    @json_option(lang)
    def verb(site: str | None, broker: str | None, duration_s: float | None, as_json: bool) -> None:
        from edge.demo import play  # noqa: PLC0415 - the daemon does not carry the demo's libraries

        sys.exit(asyncio.run(play(site, broker, duration_s, as_json=as_json, lang=lang)))

    return verb


def export(lang: Lang) -> click.Command:
    return exporting.export(lang, gateway.load)


def diagnose(lang: Lang) -> click.Command:
    return diagnosing.diagnose(lang, gateway.load)


VERBS: Final = (
    *(run, check, demo, simulate, scan, read, status, enter, trace, export, verify, key, diagnose),
    completion.completion,
)
