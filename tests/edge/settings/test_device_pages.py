"""docs/devices/ is current, and what a technician copies out of it holds."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, Field

from drivers.catalogue import DRIVERS
from drivers.modbus.profile import Factory
from edge.settings import load
from edge.settings.device_pages.__main__ import write
from edge.settings.device_pages.drivers import Described
from edge.settings.device_pages.index import MARK, pages
from edge.settings.device_pages.markdown import from_docstring, table
from edge.settings.device_pages.profiles import read_probe
from edge.settings.device_pages.snippets import ports_for
from edge.settings.json_schema import json_schema
from edge.settings.profiles import Profiles

CHECKOUT = Path(__file__).parents[3]
FOLDER = CHECKOUT / "docs" / "devices"
PROFILES = CHECKOUT / "config" / "profiles"
PAGES = pages(DRIVERS)
OF_DEVICES = sorted(PAGES.keys() - {"README.md"})

SITE = {
    "gateway": {"id": "dx", "operator": {"name": "a"}, "site": {"name": "b"}},
    "journal": {"path": "/var/lib/tagtrail/journal.db"},
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_current(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run: make schema"


def test_there_is_a_page_for_each_device_and_no_other() -> None:
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    profiles = {f"modbus/{path.stem}.md" for path in PROFILES.glob("*.yaml")}
    assert there == {"README.md", *(f"{driver}.md" for driver in DRIVERS), *profiles}


def ways_to_connect(snippet: str) -> list[str]:
    """The snippet as it stands, and with each of the other ports that it offers as a comment instead."""
    ports = re.findall(r"^  (?:# )?(port-1: .*)$", snippet, re.MULTILINE)
    offered = re.sub(r"^  (# )?port-1: .*\n", "", snippet, flags=re.MULTILINE)
    return [offered.replace("ports:\n", f"ports:\n  {port}\n") for port in ports]


@pytest.mark.parametrize("name", OF_DEVICES)
def test_what_is_pasted_holds(name: str, tmp_path: Path) -> None:
    shown = re.search(r"\n```yaml\n(.*?)```\n\Z", PAGES[name], re.DOTALL)
    assert shown, "a page ends with what to paste"
    ways = ways_to_connect(shown[1])
    driver = name.partition("/")[0].removesuffix(".md")
    by_port = hasattr(DRIVERS[driver].decoder, "belongs")  # one way is shown, the others need other keys
    assert len(ways) >= (1 if by_port else len(DRIVERS[driver].sources))
    path = tmp_path / "site.yaml"
    for way in ways:
        path.write_text(yaml.safe_dump(SITE) + way, encoding="utf-8")
        settings = load(path, DRIVERS)
        assert [device.driver for device in settings.devices.values()] == [driver]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGES[name])
    assert links
    assert [link for link in links if not (FOLDER / name).parent.joinpath(link).exists()] == []


def test_the_index_leads_to_every_page() -> None:
    assert set(re.findall(r"\| \[[\w-]+\]\(([^)]+)\)", PAGES["README.md"])) == set(OF_DEVICES)


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_a_page_shows_the_frame_as_it_is_drawn(name: str) -> None:
    module = DRIVERS[name].decoder.__module__
    docs = [import_module(module).__doc__ or ""]
    package = module.rpartition(".")[0]
    named = re.findall(r"``(\w+)\.py``", docs[0])
    docs += [import_module(f"{package}.{other}").__doc__ or "" for other in named]
    drawn = [line.strip() for doc in docs for line in doc.splitlines() if line.startswith("    ")]
    assert drawn
    blocks = "".join(re.findall(r"```text\n(.*?)```", PAGES[f"{name}.md"], re.DOTALL))
    assert [line for line in drawn if line not in blocks] == []


def test_a_profiles_page_says_what_its_file_says() -> None:
    page = PAGES["modbus/comet-t3311.md"]
    assert "unit 1, 9600 8N2" in page
    assert "stop_bits: 2" in page
    row = next(line for line in page.splitlines() if line.startswith("| `humidity`"))
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        *("`humidity` 湿度", "%", "3 holding · 保持寄存器"),
        *("50 (0x0032)", "49 (0x0031)", "s16", "× 0.1"),
    ]


REACHED = {
    "wl134.md": "baud: 9600}",
    "uhf_reader18.md": "baud: 57600}",
    "r2000.md": "baud: 115200}",
    "gpsd.md": '"192.168.1.50:2947"',
    "modbus/vaisala-hmp.md": "unit: 240, profile: vaisala-hmp",
    "modbus/r4dcb08.md": "profile: r4dcb08, channel: 1",
}
"""What the docstring or the factory settings say of reaching it."""


@pytest.mark.parametrize("name", REACHED)
def test_what_is_pasted_reaches_the_device_as_it_is_delivered(name: str) -> None:
    assert REACHED[name] in PAGES[name].partition("```yaml")[2]


def test_a_line_is_set_as_the_factory_sets_it() -> None:
    factory = Factory(unit=1, serial="19200 7E2")
    serial, server, _ = ports_for(DRIVERS["modbus"], "", factory)
    assert serial.endswith("baud: 19200, data_bits: 7, parity: even, stop_bits: 2}")
    assert "framing: rtu, baud: 19200}" in server


def test_a_comment_belongs_to_what_stands_below_it(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "# An instrument. It has\n# two points.\ndocumented_as: p. 4\n# Be gentle.\nfunction: 4\npoints:\n"
        "  # of the air\n  temperature:\n    {address: 1, type: s16}\n"
        "  humidity: {address: 2, type: s16, error_values: [-11000]}\n",
        encoding="utf-8",
    )
    probe = read_probe("own", tmp_path)
    assert probe.comment == "An instrument. It has\ntwo points.\nBe gentle."
    assert probe.title == "An instrument."
    assert probe.notes == {"temperature": "of the air"}


DOCSTRINGS = {
    "A ``word``.": "A `word`.",
    "Drawn::\n\n    02 │ 03\n      XOR\n\nEnd.": "Drawn:\n\n```text\n02 │ 03\n  XOR\n```\n\nEnd.",
    "::\n\n    a\n\n    b": "```text\na\n\nb\n```",
    "* one::\n\n    a\n\n* two": "* one:\n\n```text\na\n```\n\n* two",
}


@pytest.mark.parametrize("doc", DOCSTRINGS)
def test_a_docstring_becomes_markdown(doc: str) -> None:
    assert from_docstring(doc) == DOCSTRINGS[doc]


def test_a_table_leaves_out_the_column_that_says_nothing() -> None:
    rows = [("1", "", "x|y"), ("2", "", "")]
    assert table(("a", "b", "c"), rows) == "| a | c |\n| --- | --- |\n| 1 | x\\|y |\n| 2 |  |"


def test_the_command_writes_the_pages_and_takes_back_its_own_old_ones(tmp_path: Path) -> None:
    write(tmp_path, {"gone.md": MARK})
    (tmp_path / "notes.md").write_text("a person's", encoding="utf-8")
    command = [sys.executable, "-m", "edge.settings.device_pages", str(tmp_path)]
    subprocess.run(command, check=True, cwd=CHECKOUT)
    written = {
        path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8")
        for path in tmp_path.rglob("*.md")
    }
    assert written == {**PAGES, "notes.md": "a person's"}


class _Silent(BaseModel):
    """Options that offer no value to show."""

    topic: str = Field(description="Where it speaks.")


def test_a_key_that_must_be_there_must_have_an_example() -> None:
    wl134 = DRIVERS["wl134"]
    mute = type("Mute", (wl134.decoder,), {"options": _Silent})
    drivers = {"mute": wl134._replace(decoder=mute)}
    with pytest.raises(ValueError, match="value for topic"):
        Described("mute", drivers["mute"], json_schema(drivers), Profiles(PROFILES))


def test_every_text_is_used() -> None:
    catalogue = (CHECKOUT / "edge" / "messages" / "en" / "pages.toml").read_text(encoding="utf-8")
    modules = (CHECKOUT / "edge" / "settings" / "device_pages").glob("*.py")
    sources = "".join(path.read_text(encoding="utf-8") for path in modules)
    by_number = {f"function_{number}" for number in (1, 2, 3, 4)}
    of_a_port = {"serial", "tcp"}
    texts = tomllib.loads(catalogue).keys() - by_number - of_a_port
    assert [key for key in texts if not re.search(rf"['\"](pages\.)?{key}['\"]", sources)] == []
