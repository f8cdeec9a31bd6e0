"""The Modbus profiles a gateway can use, by name: what a probe's registers mean is data, not code.

They travel in the package; a site's own lie in ``profiles/`` beside its settings file or in
/etc/tagtrail/profiles. No name may stand twice: nothing is overridden in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from edge.errors import Problem, SettingsError
from edge.settings.reader import read

SITE_PROFILES: Final = Path("/etc/tagtrail/profiles")


class Profiles(Mapping[str, Mapping[str, object]]):
    """Profiles by name; a folder is looked at when the first name is asked for, a file when its own is.

    Looking one up raises SettingsError where its file does not hold.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = list(dict.fromkeys(folder.resolve() for folder in folders))
        self._read: dict[str, Mapping[str, object]] = {}
        self.problems: list[Problem] = []

    def __getitem__(self, name: str) -> Mapping[str, object]:
        if name not in self._read:
            self._read[name] = _profile(self._paths[name])
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    @cached_property
    def _paths(self) -> dict[str, Path]:
        paths: dict[str, Path] = {}
        for folder in self._folders:
            for path in self._listed(folder):
                first = paths.setdefault(path.stem, path)
                if first != path:
                    self._tell(path, "profile_twice", name=path.stem, other=first)
        return paths

    def _listed(self, folder: Path) -> list[Path]:
        try:
            return sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._tell(folder, "profiles_unreadable", why=error.strerror)
            return []

    def _tell(self, path: Path, key: str, **values: object) -> None:
        self.problems.append(Problem(str(path), 0, 0, "", key, values))


def profiles_for(settings_file: Path) -> Profiles:
    """Those that a settings file can name."""
    with as_file(files("config").joinpath("profiles")) as packaged:
        return Profiles(packaged, settings_file.parent / "profiles", SITE_PROFILES)


def _profile(path: Path) -> Mapping[str, object]:
    document = read(path)
    if document.problems:
        raise SettingsError(problems=document.problems)
    if not isinstance(document.data, dict):
        raise SettingsError(problems=[Problem(str(path), 1, 1, "", "mapping", {"value": path.stem})])
    return document.data
