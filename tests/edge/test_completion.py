"""Completion as a shell asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from edge import cli
from edge.completion import NAME, VARIABLE
from tests.edge.test_gateway import site

CHECKOUT = Path(__file__).parents[2]


def completed(*words: object) -> list[str]:
    """What is offered for the last of these words."""
    *before, last = map(str, words)
    shell = ShellComplete(cli.build("en"), {}, NAME, VARIABLE)
    return [item.value for item in shell.get_completions(before, last)]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_the_command_and_the_shell_takes_it(shell: str) -> None:
    said = CliRunner().invoke(cli.build("en"), ["completion", shell])
    assert said.exit_code == 0
    assert f"_TAGTRAIL_COMPLETE={shell}_complete" in said.output
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=said.output.encode(), check=True)


def test_verbs_options_and_devices_are_completed(tmp_path: Path) -> None:
    ports = {"ear": {"serial": "/dev/serial/by-id/usb-nothing"}}
    devices = {"ear-tags": {"driver": "wl134", "port": "ear"}}
    path = site(tmp_path, ports=ports, devices=devices)
    assert completed("exp") == ["export"]
    assert completed("export", path, "--dev") == ["--device"]
    assert completed("read", path, "e") == ["ear-tags"]
    assert completed("read", path, "x") == []
    assert completed("export", path, "--device", "") == ["ear-tags"]
    path.write_text("gateway: {}\n")
    assert completed("read", path, "") == []


def test_the_shell_is_answered_by_the_command_itself() -> None:
    asked = {"_TAGTRAIL_COMPLETE": "bash_complete", "COMP_WORDS": "tagtrail diag", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "edge"],
        env={**os.environ, **asked},
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"plain,diagnose\n"
