"""Ports named by a device file that may be another device after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import DRIVERS
from edge import show
from edge.errors import SettingsError
from edge.messages import Lang
from edge.settings import load, stable_names
from edge.settings.devices import Port

SETTINGS = """\
gateway: {id: dx, operator: {name: 伊东}, site: {name: 东乡}}
journal: {path: /var/lib/tagtrail/journal.db}
ports:
  ear: {baud: 9600, serial: /dev/ttyUSB0}
  panel: {tcp: "panel:502"}
  probes: {serial: /dev/serial/by-id/probes}
"""


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """A /dev with two adapters, a modem and a scanner, and the links that udev lays."""
    links = {
        "serial/by-id/usb-FTDI_FT232R_A10K1234-if00-port0": "../../ttyUSB0",
        "serial/by-id/usb-1a86_USB_Serial-if00-port0": "../../ttyUSB1",
        "serial/by-path/platform-xhci-usb-0:1.2:1.0-port0": "../../ttyUSB0",
        "input/by-id/usb-Honeywell_1450g-event-kbd": "../event3",
        "serial/by-id/gone": "../../ttyUSB7",
    }
    for link, target in links.items():
        (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / link).symlink_to(target)
    for device in ("ttyUSB0", "ttyUSB1", "ttyACM0", "input/event3"):
        (tmp_path / device).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "wire", "stable"),
    [
        (
            "serial",
            "/dev/ttyUSB0",
            "/dev/serial/by-id/usb-FTDI_FT232R_A10K1234-if00-port0 / "
            "/dev/serial/by-path/platform-xhci-usb-0:1.2:1.0-port0",
        ),
        ("serial", "/dev/../dev/ttyUSB1", "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0"),
        ("serial", "/dev/ttyACM0", None),
        ("serial", "/dev/ttyUSB7", "/dev/serial/by-id/gone"),
        ("input", "/dev/input/event3", "/dev/input/by-id/usb-Honeywell_1450g-event-kbd"),
        ("input", "/dev/input/event12", None),
    ],
)
def test_the_names_that_point_at_it_today_are_told(
    kind: str, wire: str, stable: str | None, dev: Path
) -> None:
    (fault,) = stable_names.counted({"a": Port.model_validate({kind: wire})}, dev)
    assert fault.keys == ("ports", "a", kind)
    assert fault.values.get("stable") == stable
    assert fault.key == ("counted" if stable else "counted_unnamed")


@pytest.mark.parametrize(
    "options",
    [
        {"serial": "/dev/serial/by-id/usb-FTDI_FT232R_A10K1234-if00-port0"},
        {"serial": "/dev/tagtrail/probes"},
        {"serial": "/dev/ttyS0"},
        {"serial": "/dev/ttyAMA0"},
        {"input": "/dev/input/by-id/usb-Honeywell_1450g-event-kbd"},
        {"tcp": "ttyUSB0:502"},
        {"gpio": "gpiochip0"},
    ],
)
def test_a_name_that_stays_the_same_is_no_warning(options: dict[str, str], dev: Path) -> None:
    assert list(stable_names.counted({"a": Port.model_validate(options)}, dev)) == []


def test_without_udev_it_says_how_to_look(tmp_path: Path) -> None:
    (fault,) = stable_names.counted({"a": Port.model_validate({"serial": "/dev/ttyUSB0"})}, tmp_path)
    assert (fault.key, fault.values["folder"]) == ("counted_unnamed", "/dev/serial")


def test_a_file_with_a_warning_holds_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    settings = load(path, DRIVERS)
    (warning,) = settings.warnings
    assert (warning.path, warning.line, warning.column) == ("ports.ear.serial", 4, 29)
    said: dict[Lang, str] = {"en": "warning: /dev/ttyUSB0 may be", "zh": "警告: /dev/ttyUSB0 重启后"}
    for lang, marked in said.items():
        assert f"{path}:4:29 ports.ear.serial: {marked}" in show.warnings([warning], lang)


def test_warnings_are_no_key_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SETTINGS + "warnings: []\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(path, DRIVERS)
    assert [(problem.path, problem.key) for problem in refused.value.problems] == [
        ("warnings", "unknown_key")
    ]
