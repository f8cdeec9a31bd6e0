"""No secret leaves the gateway: every verb, well and ill, and all that it logs, stores and publishes."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiomqtt
import click
import pytest
import yaml

from edge.cli import build, main
from tests.edge.uplinks.standins import until
from tests.mosquitto import Broker, free_port

PASSWORD = "Zx9-password-of-the-broker"
TOKEN = "Zx9-token-of-the-store"
PROBE_KEY = "a7c3e91b5d2f48760bce13579d02468f"
SECRETS: Final = (PASSWORD, TOKEN, PROBE_KEY)


class Said(NamedTuple):
    code: int
    text: bytes


ARGUMENTS: Final[dict[str, list[str]]] = {
    "check": ["{config}", "--json"],
    "read": ["{config}", "bench", "--wait", "0.2"],
    "status": ["{config}", "--json"],
    "enter": ["{config}", "recall", "subject=lot:A-1", "action=recalled"],
    "trace": ["{config}", "lot:A-1"],
    "verify": ["{config}"],
    "key": ["{config}", "--rotate"],
}
"""Of verbs that want more than the settings, or that say more with it."""

NOT_OF_A_SITE: Final = {"demo", "simulate", "scan", "completion"}
"""These read no settings."""

ON_THEIR_OWN: Final = {"run"}


def verbs() -> list[str]:
    """All there are, so that a new one is held to this as well."""
    return sorted(set(build("en").commands) - NOT_OF_A_SITE - ON_THEIR_OWN)


def arguments(verb: str, config: Path) -> list[str]:
    return [each.format(config=config) for each in ARGUMENTS.get(verb, ["{config}"])]


class Tagtrail:
    """The command, in this process; what it writes and logs, at whatever level, is kept for a look."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capfdbinary: pytest.CaptureFixture[bytes],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        self._patch = monkeypatch
        self._output = capfdbinary
        self._log = caplog

    def __call__(self, *words: str | Path) -> Said:
        self._patch.setattr(sys, "argv", ["tagtrail", *map(str, words)])
        self._log.clear()
        self._output.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Said(code or 0, b"".join(self._output.readouterr()) + self._log.text.encode())

    def every_verb(self, config: Path) -> dict[str, Said]:
        return {verb: self(verb, *arguments(verb, config)) for verb in verbs()}


@pytest.fixture
def tagtrail(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    caplog: pytest.LogCaptureFixture,
) -> Tagtrail:
    monkeypatch.setenv("TREND_TOKEN", TOKEN)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return Tagtrail(monkeypatch, capfdbinary, caplog)


def site(folder: Path, broker_port: int) -> Path:
    mqtt = {
        "url": f"mqtt://127.0.0.1:{broker_port}",
        "username": "dx",
        "password": {"file": f"{folder}/password"},
    }
    influx = {
        "url": f"http://127.0.0.1:{free_port()}",
        "org": "o",
        "bucket": "b",
        "token": {"env": "TREND_TOKEN"},
    }
    probe = {
        "driver": "bthome",
        "port": "radio",
        "address": "A4:C1:38:00:11:22",
        "key": {"credential": "probe"},
    }
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": mqtt}, "trend": {"influxdb": influx}},
        "ports": {"scans": {"tcp": "127.0.0.1:9"}, "radio": {"bluetooth": "hci0"}},
        "devices": {"bench": {"driver": "scanner", "port": "scans"}, "probe": probe},
    }
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text(PASSWORD)
    (folder / "probe").write_text(PROBE_KEY)
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


@asynccontextmanager
async def daemon(config: Path) -> AsyncIterator[Path]:
    """At work, telling all that it can; yields its log."""
    log = config.with_suffix(".log")
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-X", "dev", "-m", "edge", "run", str(config), "--log-level", "debug"),
            stdout=out,
            stderr=out,
        )
    try:
        await until(lambda: b"connected to" in log.read_bytes() or process.returncode is not None)
        assert process.returncode is None, log.read_text()
        assert not any(secret in command_line(process.pid) for secret in SECRETS)
        yield log
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def leaks(text: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in text or secret.upper().encode() in text]


async def test_no_verb_and_no_log_tells_a_secret(mosquitto: Path, tmp_path: Path, tagtrail: Tagtrail) -> None:
    published = bytearray()
    async with (
        Broker(mosquitto, tmp_path) as broker,
        aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client,
    ):
        await client.subscribe("#", qos=1)
        config = site(tmp_path, broker.port)

        async def listen() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                published.extend(message.payload)

        listening = asyncio.create_task(listen())
        try:
            without = await asyncio.to_thread(tagtrail.every_verb, config)
            async with daemon(config) as log:
                beside = await asyncio.to_thread(tagtrail.every_verb, config)
                await until(lambda: b"recall" in published)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    assert [beside[verb].code for verb in ("status", "enter", "check", "key")] == [0, 0, 0, 0]
    assert without["status"].code == 3
    for verb, said in (*without.items(), *beside.items()):
        assert leaks(said.text) == [], verb
    assert leaks(log.read_bytes()) == []
    assert published
    assert leaks(bytes(published)) == []
    kept = [path for path in tmp_path.iterdir() if path.name.startswith("journal.db") and path.is_file()]
    assert kept
    assert {path.name: leaks(path.read_bytes()) for path in kept} == {path.name: [] for path in kept}


def broken(config: Path, *way: str, to: str) -> Path:
    """The settings with a secret itself in the place of where it is kept."""
    data: dict[str, Any] = yaml.safe_load(config.read_text())
    at = data
    for key in way[:-1]:
        at = at[key]
    at[way[-1]] = to
    path = config.with_name("broken.yaml")
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


@pytest.mark.parametrize(
    ("way", "secret"),
    [
        (("uplinks", "platform", "mqtt", "password"), PASSWORD),
        (("uplinks", "trend", "influxdb", "token"), TOKEN),
        (("devices", "probe", "key"), PROBE_KEY),
    ],
)
def test_a_secret_in_the_settings_is_refused_by_every_verb_and_repeated_by_none(
    tmp_path: Path, tagtrail: Tagtrail, way: tuple[str, ...], secret: str
) -> None:
    config = broken(site(tmp_path, free_port()), *way, to=secret)
    for verb, said in {**tagtrail.every_verb(config), "run": tagtrail("run", config)}.items():
        assert said.code == 2, verb
        assert leaks(said.text) == [], verb


def test_a_secret_that_is_no_key_is_not_repeated(tmp_path: Path, tagtrail: Tagtrail) -> None:
    config = site(tmp_path, free_port())
    (tmp_path / "probe").write_text(f"{PASSWORD}\n")
    said = tagtrail("run", config, "--log-level", "debug")
    assert said.code == 2
    assert b"32 hexadecimal" in said.text
    assert leaks(said.text) == []


def test_every_verb_of_a_site_takes_its_settings() -> None:
    for verb in verbs():
        command = build("en").commands[verb]
        first = next(each for each in command.params if isinstance(each, click.Argument))
        assert first.name in {"config", "path"}, f"{verb}: say in ARGUMENTS or NOT_OF_A_SITE how it is called"
