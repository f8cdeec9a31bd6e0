"""A Debian box to install on: made by debootstrap, kept for the next time, booted with its systemd.

It shares the network of this machine, so that simulated devices and a broker of the test can be reached.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

SUITE: Final = "bookworm"
MIRROR: Final = "http://deb.debian.org/debian"
PACKAGES: Final = ("systemd-sysv", "dbus", "make", "python3", "python3-venv", "ca-certificates")
"""What a technician's box has before us: Debian with systemd, and what the README says to install first."""

TRUST: Final = "/etc/ssl/certs"
CHECKOUT: Final = Path(__file__).parents[2]
SOURCE: Final = "/root/tagtrail"

BOOT_S: Final = 60.0
COMMAND_S: Final = 600.0


def why_not() -> str | None:
    """What this machine lacks for a box; None: nothing."""
    if os.geteuid() != 0:
        return "only root may make a box"
    missing = [
        program for program in ("debootstrap", "systemd-nspawn", "nsenter") if not shutil.which(program)
    ]
    return f"apt-get install debootstrap systemd-container: no {', '.join(missing)}" if missing else None


def debian() -> Path:
    """The root folder that every box is copied from."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "tagtrail")
    root = cache / f"debian-{SUITE}"
    if not root.is_dir():
        fresh = cache / f"debian-{SUITE}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        include = f"--include={','.join(PACKAGES)}"
        subprocess.run(["debootstrap", "--variant=minbase", include, SUITE, fresh, MIRROR], check=True)
        fresh.rename(root)
    return root


class Box:
    """A running one while its context is open; ``root`` is its file system as seen from here."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "box"
        self._running = ExitStack()
        self._init = 0

    def __enter__(self) -> Box:
        subprocess.run(["cp", "--archive", "--reflink=auto", debian(), self.root], check=True)
        log = self._running.enter_context((self.root.parent / "box.log").open("wb"))
        container = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--console=pipe",
             "--resolv-conf=copy-host", f"--bind-ro={TRUST}", f"--directory={self.root}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        self._running.callback(container.wait)
        self._running.callback(container.terminate)
        self._init = self._first_process(container.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()
        shutil.rmtree(self.root)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """As root in the box; what it prints is in the result."""
        environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        environment.append(f"PIP_CERT={TRUST}/ca-certificates.crt")
        result = subprocess.run(
            ["nsenter", "--target", str(self._init), "--all", "env", "-i", *environment, *command],
            check=False, capture_output=True, text=True, timeout=COMMAND_S,
        )  # fmt: skip
        assert result.returncode == 0 or not check, f"{command}: {result.stdout}\n{result.stderr}"
        return result

    def make(self, target: str) -> str:
        """``make TARGET`` in the checkout; what it said."""
        return self.run("make", "--no-print-directory", "-C", SOURCE, target).stdout

    def check_out(self) -> None:
        """Puts the files of this checkout where the technician cloned them."""
        goal = self.root / SOURCE.removeprefix("/")
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(listing, cwd=CHECKOUT, text=True).split("\0"):
            if name and (CHECKOUT / name).exists():
                (goal / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, goal / name)

    def release(self, version: str) -> None:
        """What a later release changes at the least: the version."""
        file = self.root / SOURCE.removeprefix("/") / "pyproject.toml"
        lines = file.read_text().splitlines()
        new = [f'version = "{version}"' if line.startswith("version = ") else line for line in lines]
        file.write_text("\n".join(new) + "\n")

    def _first_process(self, container: int) -> int:
        """The box's process 1, once systemd in it takes orders."""
        children = Path(f"/proc/{container}/task/{container}/children")
        patience = time.monotonic() + BOOT_S
        while time.monotonic() < patience:
            born = children.read_text().split()
            if born:
                self._init = int(born[0])
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return self._init
            time.sleep(0.2)
        raise TimeoutError((self.root.parent / "box.log").read_text())
