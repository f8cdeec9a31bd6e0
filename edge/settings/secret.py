"""Secrets: the YAML file says where one is kept, never what it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from edge.errors import Problem, SettingsError
from edge.settings.values import AbsolutePath, Form, Part, one_of

FOLDER_PREFIX: Final = "tagtrail_"
"""``LoadCredential=tagtrail:FOLDER`` hands each file of the folder over under its name with this before it
(systemd.exec(5)); the unit we install does so."""


_EXPOSED: Final = stat.S_IRWXO | stat.S_IWGRP


def exposed_mode(path: Path) -> str | None:
    """``0644``, where others than the owner and the readers of its group get at this file; else None.

    Not looked at in a file that is not there or not to be seen: that is told when it is read.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    return f"{stat.S_IMODE(mode):04o}" if mode & _EXPOSED else None


class Secret(Part):
    """Where a secret is kept: one of three ways. · 密钥存放处，三选一"""

    model_config = one_of("credential", "env", "file")

    credential: Annotated[str, Form("secret_form", r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")] | None = Field(
        None, description="Name of a systemd credential of this service. · systemd 凭据名"
    )
    env: Annotated[str, Form("secret_form", "[A-Za-z_][A-Za-z0-9_]*")] | None = Field(
        None, description="Name of an environment variable. · 环境变量名"
    )
    file: AbsolutePath | None = Field(
        None, description="Path of a file that holds the secret and nothing else. · 仅含该密钥的文件"
    )

    @model_validator(mode="before")
    @classmethod
    def _one_place(cls, data: object) -> object:
        """Refuses everything else as a whole, so that no problem can repeat what may be the secret itself."""
        if not isinstance(data, dict):
            raise PydanticCustomError("secret_plain", "a secret in the file")
        ways = [way for way, where in data.items() if way in cls.model_fields and isinstance(where, str)]
        if len(ways) != 1 or len(data) != 1 or not data.get("file", "/").startswith("/"):
            raise PydanticCustomError("secret_form", "not one of three")
        return data

    def path(self) -> Path | None:
        """The file that holds it, for libraries that want one; None: it is an environment variable.

        Raises SettingsError where the service was given no credentials.
        """
        if self.credential is None:
            return self.file
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise self._unreadable("secret_no_credentials", name=self.credential)
        named = Path(directory, self.credential)
        return named if named.exists() else Path(directory, FOLDER_PREFIX + self.credential)

    def reveal(self) -> str:
        """The secret, without the line's end that editors add. Raises SettingsError if it cannot be read."""
        path = self.path()
        if path is None:
            return self._environment()
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise self._unreadable("secret_unreadable", path=path, why=error.strerror) from error
        except UnicodeDecodeError:
            raise self._unreadable("secret_not_text", path=path) from None
        return text.rstrip("\r\n")

    def _environment(self) -> str:
        assert self.env is not None
        value = os.environ.get(self.env)
        if value is None:
            raise self._unreadable("secret_no_variable", name=self.env)
        return value

    def _unreadable(self, key: str, **values: object) -> SettingsError:
        return SettingsError(problems=[Problem(str(self), 0, 0, "", key, values)])

    def __str__(self) -> str:
        [(way, name)] = self.model_dump(exclude_none=True).items()
        return f"{{{way}: {name}}}"


def kept(value: object) -> Secret:
    """What stands in the file for a driver's secret. Raises PydanticCustomError, which never shows it."""
    try:
        return Secret.model_validate(value)
    except ValidationError as error:
        raise PydanticCustomError(error.errors()[0]["type"], "not where a secret is kept") from None
