"""Secrets are never repeated, files that others get at are refused, commands on an open way warned of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from drivers.catalogue import DRIVERS
from edge import show
from edge.errors import SettingsError
from edge.settings import Settings, load
from edge.settings.guarding import secrets

GOOD = Path(__file__).parents[2] / "configs" / "good"
WHOLE = (GOOD / "whole.yaml").read_text(encoding="utf-8")
PLACES = re.findall(r"(?:password|token|key): \{[a-z]+: [^}]+\}", WHOLE)
MARK = "Zx9MarkerS3cret"

PEM = f"-----BEGIN PRIVATE KEY-----\\n{MARK}\\n-----END PRIVATE KEY-----"

FORMS = [
    *(MARK, f'"{MARK}"', f"'{MARK}", f"0{MARK}", f"[{MARK}]", f"[{MARK}", f"{{{MARK}}}", f"{{{MARK}"),
    *(f"*{MARK}", f"&{MARK}", f"&{MARK} x", f"!{MARK}", f"!{MARK} x", f"!!{MARK} x", f"{{<<: {MARK}}}"),
    *(f"@{MARK}", f"`{MARK}", f"%{MARK}", f"| {MARK}", f"> {MARK}", f"? {MARK}", f"- {MARK}", f"{MARK}: x"),
    *(f"{MARK}\t", f"{MARK}\x07", f'"{MARK}\\q"', f'"{PEM}"', f"{{plain: {MARK}}}", f"{{{MARK}: x}}"),
    *(f"{{credential: {MARK}!}}", f"{{credential: /etc/{MARK}}}", f"{{env: {MARK}-}}", f"{{file: {MARK}}}"),
    *(f"{{file: [{MARK}]}}", f"{{file: {{x: {MARK}}}}}", f"{{fil: {MARK}}}", f"{{env: A, file: {MARK}}}"),
]

ADDRESS = 'url: "mqtts://broker.example:8884"'
STORE = 'url: "https://trend.local:8086"'


def said_of(text: str, folder: Path) -> str:
    """All that people and programs are told of this file."""
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(SettingsError) as refused:
        load(path, DRIVERS)
    facts = [show.problem_facts(refused.value.problems, lang) for lang in ("en", "zh")]
    return f"{refused.value!r} {refused.value} {refused.value.problems} {json.dumps(facts)}"


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_the_file_is_refused_and_not_repeated(form: str, tmp_path: Path) -> None:
    assert len(PLACES) == 5, "passwords, a token and keys"
    for place in PLACES:
        name = place.partition(":")[0]
        said = said_of(WHOLE.replace(place, f"{name}: {form}", 1), tmp_path)
        assert MARK not in said, place


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(
            (ADDRESS, f'url: "mqtts://{rest}"')
            for rest in (f"me:{MARK}@b", f"b?password={MARK}", f"b:{MARK}")
        ),
        *((ADDRESS, f'url: "{rest}"') for rest in (f"me:{MARK}@b:8883", f"https://b?password={MARK}")),
        *((STORE, f'url: "https://{rest}"') for rest in (f"me:{MARK}@b", f"b?token={MARK}", f"b/#{MARK}")),
        ("password: {credential: mqtt-password}", f"pasword: {MARK}"),
        ("password: {credential: mqtt-password}", f"token: {MARK}"),
        ("token: {credential: influx-token}", f"tokn: {MARK}"),
        ("ca: /etc/tagtrail/ca.pem", f'ca: "{PEM}"'),
        ("cert: /etc/tagtrail/client.pem", f'cert: "{PEM}"'),
    ],
)
def test_a_secret_beside_its_place_is_not_repeated_either(old: str, new: str, tmp_path: Path) -> None:
    assert WHOLE.count(old) == 1
    assert MARK not in said_of(WHOLE.replace(old, new), tmp_path)


def test_the_key_of_a_probe_is_a_secret_like_any_other(tmp_path: Path) -> None:
    text = (GOOD / "slaughterhouse.yaml").read_text(encoding="utf-8")
    place = "key: {credential: core-probe-key}"
    assert text.count(place) == 1
    for form in FORMS:
        assert MARK not in said_of(text.replace(place, f"key: {form}"), tmp_path), form


def loaded(text: str, folder: Path) -> Settings:
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, DRIVERS)


def test_every_secret_of_the_settings_is_seen_wherever_it_stands(tmp_path: Path) -> None:
    whole = dict(secrets(loaded(WHOLE, tmp_path)))
    assert sorted(keys[-1] for keys in whole) == ["key", "key", "password", "password", "token"]
    site = dict(secrets(load(GOOD / "slaughterhouse.yaml", DRIVERS)))
    assert ("devices", "core-probe", "key") in site


@pytest.mark.parametrize(
    ("mode", "refused"),
    [
        (0o600, False),
        (0o400, False),
        (0o640, False),
        (0o644, True),
        (0o604, True),
        (0o660, True),
        (0o602, True),
    ],
)
def test_a_file_that_others_get_at_is_refused_where_it_is_named(
    mode: int, *, refused: bool, tmp_path: Path
) -> None:
    """The group may read: it may be one that only the service is in."""
    kept = tmp_path / "client.key"
    kept.write_text(MARK, encoding="utf-8")
    kept.chmod(mode)
    text = WHOLE.replace("/etc/tagtrail/client.key", str(kept))
    if not refused:
        loaded(text, tmp_path)
        return
    with pytest.raises(SettingsError) as error:
        loaded(text, tmp_path)
    [problem] = error.value.problems
    assert (problem.path, problem.key) == ("uplinks.platform.mqtt.key.file", "secret_exposed")
    assert text.splitlines()[problem.line - 1][problem.column - 1 :].startswith(str(kept))
    assert f"chmod 600 {kept}" in problem.sentence("en")
    assert f"{mode:04o}" in problem.sentence("zh")
    assert MARK not in str(error.value)


SECOND = (
    'mqtt: {url: "mqtt://10.0.0.7", username: edge, password: {env: MQTT_PASSWORD}, commands: [enter, read]}'
)


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        (SECOND, "commands_plain"),
        (SECOND.replace("mqtt://", "mqtts://"), None),
        (SECOND.replace(", commands: [enter, read]", ""), None),
        ('mqtt: {url: "mqtts://10.0.0.7", commands: [read]}', "commands_anonymous"),
        ('mqtt: {url: "mqtts://10.0.0.7", username: edge, commands: [read]}', "commands_anonymous"),
        ('mqtt: {url: "mqtts://10.0.0.7", cert: /c, key: {file: /k}, commands: [read]}', None),
    ],
)
def test_commands_on_an_open_way_are_warned_of(line: str, warning: str | None, tmp_path: Path) -> None:
    assert WHOLE.count(SECOND) == 1
    settings = loaded(WHOLE.replace(SECOND, line), tmp_path)
    assert [each.key for each in settings.warnings] == ([warning] if warning else [])
    for each in settings.warnings:
        assert each.path == "uplinks.second.mqtt.commands"
        assert each.sentence("en") != each.sentence("zh")
