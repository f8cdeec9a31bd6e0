"""Writes the pages into the folder that is named, and removes those there that are no longer made."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.settings.device_pages.index import MARK, pages


def write(folder: Path, texts: dict[str, str]) -> None:
    """The pages by their path below ``folder``. A file without the mark is not ours and stays."""
    for path in folder.rglob("*.md"):
        ours = path.read_text(encoding="utf-8").startswith(MARK)
        if ours and path.relative_to(folder).as_posix() not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main() -> None:
    """For the drivers that there are."""
    from drivers.catalogue import DRIVERS  # noqa: PLC0415 - composition: only this command knows the drivers

    if len(sys.argv) != 2:
        sys.exit("usage: python -m edge.settings.device_pages FOLDER")
    write(Path(sys.argv[1]), pages(DRIVERS))


if __name__ == "__main__":
    main()
