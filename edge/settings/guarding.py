"""What a settings file leaves open that should be shut: files with secrets, and the way commands come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel

from edge.settings.findings import Fault
from edge.settings.reader import Keys
from edge.settings.schema import Settings
from edge.settings.secret import Secret, exposed_mode
from edge.settings.uplinks import Uplink

_FLAT: Final = "options"
"""A device's options stand beside its other keys."""


def exposed(settings: Settings) -> Iterator[Fault]:
    """Files with secrets that others than this service get at. systemd sees to its credentials itself."""
    for keys, secret in secrets(settings):
        mode = exposed_mode(secret.file) if secret.file is not None else None
        if mode is not None:
            values = {"path": str(secret.file), "mode": mode}
            yield Fault((*keys, "file"), "secret_exposed", values)


def secrets(value: object, keys: Keys = ()) -> Iterator[tuple[Keys, Secret]]:
    """Every secret below this part of the settings, wherever it stands."""
    if isinstance(value, Secret):
        yield keys, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            below = keys if name == _FLAT else (*keys, field.alias or name)
            yield from secrets(getattr(value, name), below)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from secrets(each, (*keys, str(name)))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from secrets(each, (*keys, number))


def unguarded_commands(uplinks: Mapping[str, Uplink]) -> Iterator[Fault]:
    """Ways on which strangers may give commands; to be warned of."""
    for name, uplink in uplinks.items():
        mqtt = uplink.mqtt
        if mqtt is None or not mqtt.commands:
            continue
        at = ("uplinks", name, "mqtt", "commands")
        if not mqtt.tls:
            yield Fault(at, "commands_plain", {})
        elif mqtt.password is None and mqtt.cert is None:
            yield Fault(at, "commands_anonymous", {})
