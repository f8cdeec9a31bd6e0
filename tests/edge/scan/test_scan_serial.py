"""What `tagtrail scan serial` prints: to paste what is known, in comments what is not, with advice."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from drivers.catalogue import DRIVERS
from drivers.hearing import Hearing, Setting, made_of
from drivers.links.ports import Adapter, Holder, SerialPort
from drivers.recognition import candidates
from edge import settings
from edge.scan.paste import name_of, port_name
from edge.scan.serial import Scanned, as_yaml, facts, is_gateway

TRIED: Final = list(candidates(DRIVERS))
FTDI: Final = Adapter("0403:6001", "FTDI", "FT232R USB\x1b[2J UART", "A50285BI")
BY_ID: Final = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
BY_PATH: Final = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0"
GATEWAY: Final = Holder("tagtrail", 812, ("python3", "/opt/tagtrail/bin/tagtrail", "run", "site.yaml"))
MINICOM: Final = Holder("minicom", 99, ("minicom", "-D", "/dev/ttyUSB4"))

WEIGHT: Final = b"ST,+00123.45  kg\r\n" * 3
SEVEN_EVEN: Final = bytes(byte | (byte.bit_count() % 2) << 7 for byte in WEIGHT)


def port(path: str, *holders: Holder, adapter: Adapter | None = None) -> SerialPort:
    return SerialPort(path, adapter, holders)


PORTS: Final = [
    Scanned(port("/dev/ttyUSB0", adapter=FTDI), (BY_ID, BY_PATH), made_of(SEVEN_EVEN, 2400, TRIED)),
    Scanned(port("/dev/ttyUSB1"), (), made_of(b"LA 982 000001088420\r", 9600, TRIED)),
    Scanned(port("/dev/ttyUSB2"), (), Hearing(Setting(9600))),
    Scanned(port("/dev/ttyUSB3", GATEWAY)),
    Scanned(port("/dev/ttyUSB4", MINICOM)),
    Scanned(
        port("/dev/ttyUSB5"), (), Hearing(Setting(9600), bytes.fromhex("80f800e678"), speeds=(9600, 57600))
    ),
    Scanned(port("/dev/ttyUSB6"), (), Hearing(Setting(19200), b"\x05", (), [5, 6])),
    Scanned(port("/dev/ttyUSB7"), failure="/dev/ttyUSB7: permission denied"),
]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_printed_can_be_pasted(lang: Any, tmp_path: Path) -> None:
    site = {
        "gateway": {"id": "dx", "operator": {"name": "a"}, "site": {"name": "b"}},
        "journal": {"path": "/var/lib/tagtrail/journal.db"},
    }
    printed = as_yaml(PORTS, lang)
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(site) + printed, encoding="utf-8")
    held = settings.load(path, DRIVERS)
    assert set(held.ports) == {"ttyusb0", "ttyusb1"}
    scale = held.ports["ttyusb0"]
    assert (scale.wire, scale.baud, scale.parity, scale.data_bits) == (BY_ID, 2400, "even", 7)
    assert {name: device.driver for name, device in held.devices.items()} == {
        "scale-ttyusb0": "scale",
        "tag-lines-ttyusb1": "tag_lines",
    }
    assert "\x1b" not in printed
    assert "FTDI FT232R USB·[2J UART 0403:6001 A50285BI" in printed
    assert BY_PATH in printed


def test_what_is_not_known_comes_with_advice() -> None:
    _, _, silent, gateways, held, strange, modbus, forbidden = [
        as_yaml([each], "en").splitlines()[-1] for each in PORTS
    ]
    assert "tagtrail scan modbus /dev/ttyUSB2" in silent
    assert "tagtrail (process 812) has it: a gateway that runs" in gateways
    assert "minicom (process 99) has it open" in held
    assert "understands at 9600, 57600 baud" in strange
    assert "the first at 9600 baud: 80 f8 00 e6 78" in strange
    assert "units 5, 6" in modbus
    assert forbidden.endswith("permission denied")


def test_where_nothing_is_known_nothing_is_to_paste() -> None:
    assert yaml.safe_load(as_yaml(PORTS[2:], "zh")) is None
    assert yaml.safe_load(as_yaml([], "en")) is None


def test_programs_are_told_all_of_it() -> None:
    scale, _, silent, held, *_ = facts(PORTS)
    assert (scale["parity"], scale["data_bits"], scale["stable_names"]) == ("even", 7, [BY_ID, BY_PATH])
    assert scale["drivers"] == [{"driver": "scale", "format": "and", "frames": 3}]
    assert (silent["listened"], silent["bytes"]) == (True, 0)
    assert held["held_by"] == [{"name": "tagtrail", "process": 812, "gateway": True}]
    assert held["listened"] is False


def test_text_that_says_nothing_of_itself_is_told_as_such() -> None:
    scanned = Scanned(port("/dev/ttyUSB1"), (), made_of(b"S S     86.35 kg\r\n", 9600, TRIED))
    assert "format: line" in as_yaml([scanned], "en")


@pytest.mark.parametrize(
    ("arguments", "is_one"),
    [
        (("/opt/tagtrail/bin/python3", "/opt/tagtrail/bin/tagtrail", "run", "/etc/tagtrail/site.yaml"), True),
        (("python", "-m", "edge", "run", "site.yaml"), True),
        (("tagtrail", "read", "site.yaml", "ear"), False),
        (("python", "-m", "http.server"), False),
        (("vim", "run"), False),
        ((), False),
    ],
)
def test_a_gateway_that_runs_is_told_from_other_programs(arguments: tuple[str, ...], is_one: bool) -> None:
    assert is_gateway(Holder("x", 1, arguments)) == is_one


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (name_of("pt100-8", "ttyUSB0", 1, None), "pt100-8-ttyusb0-1"),
        (name_of("127.0.0.1", 502), "127-0-0-1-502"),
        (name_of("伊东"), "port"),
        (name_of("a" * 62, "b"), "a" * 62),
        (port_name("/dev/ttyUSB0"), "ttyusb0"),
        (port_name("/run/devices/ear"), "ear"),
        (port_name("/dev/serial/by-id/usb-nobody"), "usb-nobody"),
    ],
)
def test_names_are_those_that_the_settings_allow(made: str, name: str) -> None:
    assert made == name
