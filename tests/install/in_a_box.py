"""A box from its first `make install` to `make uninstall`, forwarding over TLS all the while.

Run by `make test-install`: it needs root and a Debian mirror, and takes minutes.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from simulators.site import Site
from tests.authority import Authority
from tests.faults import rig
from tests.faults.rig import Blocks, Consumer, DurableBroker, consuming
from tests.install.box import CHECKOUT, Box, why_not
from tests.mosquitto import free_port

pytestmark = pytest.mark.slow

PASSWORD = "not-told-to-anyone"
JOURNAL = "/var/lib/tagtrail/journal.db"
READINGS_S = 5.0
"""How long each release is left to read and forward."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    why = why_not()
    if why is not None:
        pytest.skip(why)
    with Box(tmp_path) as running:
        running.check_out()
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ca.pem")


@pytest.fixture
async def probes(tmp_path: Path) -> AsyncIterator[str]:
    async with Site(rig.scenario(0), tmp_path / "devices", truth=False) as site:
        yield site.ports["panel"]["tcp"]


class SecureBroker(DurableBroker):
    """For gateways TLS, a password and the rules of the example; for the test's consumer a plain listener."""

    def __init__(self, program: Path, folder: Path, authority: Authority) -> None:
        self.secure_port = free_port()
        certificate, key = authority.issue("broker.test", "127.0.0.1")
        passwords = folder / "passwords"
        passwords.touch(0o600)
        subprocess.run(["mosquitto_passwd", "-b", passwords, rig.GATEWAY, PASSWORD], check=True)
        rules = (CHECKOUT / "config/examples/mosquitto/acl").read_text()
        (folder / "acl").write_text(f"topic read #\n{rules}")
        super().__init__(
            program,
            folder,
            f"acl_file {folder}/acl",
            f"password_file {passwords}",
            f"listener {self.secure_port} 127.0.0.1",
            f"certfile {certificate}",
            f"keyfile {key}",
        )


@pytest.fixture
async def broker(mosquitto: Path, tmp_path: Path, authority: Authority) -> AsyncIterator[SecureBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    running = SecureBroker(mosquitto, folder, authority)
    async with running:
        yield running


def describe(box: Box, probes: str, broker: SecureBroker, authority: Authority) -> None:
    """What the technician puts into /etc/tagtrail."""
    folder = box.root / "etc/tagtrail"
    written = yaml.safe_load(rig.settings(folder, probes, broker.secure_port).read_text())
    (folder / "site.yaml").unlink()
    written["journal"]["path"] = JOURNAL
    written["uplinks"]["platform"]["mqtt"] |= {
        "url": f"mqtts://127.0.0.1:{broker.secure_port}",
        "ca": "/etc/tagtrail/ca.pem",
        "username": rig.GATEWAY,
        "password": {"credential": "mqtt-password"},
    }
    (folder / "tagtrail.yaml").write_text(yaml.safe_dump(written, allow_unicode=True))
    (folder / "ca.pem").write_bytes(authority.path.read_bytes())
    secret = folder / "credentials" / "mqtt-password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    box.run("chgrp", "-R", "tagtrail", "/etc/tagtrail/tagtrail.yaml", "/etc/tagtrail/profiles")


async def forwarded(box: Box, consumer: Consumer) -> Blocks:
    """What has been committed and has arrived, after some more of it."""
    await asyncio.sleep(READINGS_S)
    blocks = await rig.delivered(box.root / JOURNAL.removeprefix("/"), consumer)
    rig.expect_nothing_lost(blocks, consumer)
    return blocks


def in_force(box: Box) -> str:
    return box.run("readlink", "/opt/tagtrail/current").stdout.strip()


async def test_install_upgrade_rollback_uninstall(
    box: Box, probes: str, broker: SecureBroker, authority: Authority
) -> None:
    async with consuming(broker.port) as consumer:
        assert "systemctl start tagtrail" in await asyncio.to_thread(box.make, "install")
        describe(box, probes, broker, authority)
        first = in_force(box)
        await asyncio.to_thread(box.run, "systemctl", "start", "tagtrail")
        installed = await forwarded(box, consumer)

        log = box.run("journalctl", "--unit=tagtrail", "--output=cat").stdout
        assert "cannot be learnt" not in log, "the unit lets it ask whether the clock is synchronised"

        started = box.run("systemctl", "show", "--property=MainPID", "tagtrail").stdout
        assert "already" in await asyncio.to_thread(box.make, "install"), "the second time changes nothing"
        assert box.run("systemctl", "show", "--property=MainPID", "tagtrail").stdout == started

        await asyncio.to_thread(box.run, "systemctl", "reload", "tagtrail")
        assert box.run("systemctl", "show", "--property=MainPID", "tagtrail").stdout == started
        assert box.run("systemctl", "is-active", "tagtrail").stdout.strip() == "active"

        box.release("0.1.1")
        await asyncio.to_thread(box.make, "install")
        assert in_force(box) != first
        upgraded = await forwarded(box, consumer)

        await asyncio.to_thread(box.make, "rollback")
        assert in_force(box) == first
        rolled_back = await forwarded(box, consumer)

        said = await asyncio.to_thread(box.make, "uninstall")
    assert 0 < len(installed) < len(upgraded) < len(rolled_back)
    kept = rig.journalled(box.root / JOURNAL.removeprefix("/"))
    assert installed.items() <= upgraded.items() <= rolled_back.items() <= kept.items()
    assert "/var/lib/tagtrail" in said
    assert (box.root / "etc/tagtrail/tagtrail.yaml").exists()
    assert not (box.root / "opt/tagtrail").exists()
    assert box.run("systemctl", "is-active", "tagtrail", check=False).stdout.strip() == "inactive"


async def test_settings_that_do_not_hold_leave_the_release_in_force(
    box: Box, probes: str, broker: SecureBroker, authority: Authority
) -> None:
    await asyncio.to_thread(box.make, "install")
    describe(box, probes, broker, authority)
    first = in_force(box)
    file = box.root / "etc/tagtrail/tagtrail.yaml"
    file.write_text(file.read_text() + "\nchillers: {}\n")
    box.release("0.1.1")
    refused = await asyncio.to_thread(
        box.run, "make", "--no-print-directory", "-C", "/root/tagtrail", "install", check=False
    )
    assert refused.returncode != 0
    assert "chillers" in refused.stdout + refused.stderr
    assert in_force(box) == first
    started = await asyncio.to_thread(box.run, "systemctl", "start", "tagtrail", check=False)
    assert started.returncode != 0
    await asyncio.sleep(READINGS_S)
    status = box.run("systemctl", "show", "--property=ExecMainStatus,NRestarts", "tagtrail").stdout
    assert status.split() == ["NRestarts=0", "ExecMainStatus=2"], (
        "settings that do not hold are not tried again"
    )


async def test_exposure_and_devices(box: Box) -> None:
    """The unit is shut tight, and still reaches a serial port plugged in later."""
    await asyncio.to_thread(box.make, "install")
    unit = "/etc/systemd/system/tagtrail.service"
    rating = box.run("systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", unit)
    assert "Overall exposure level" in rating.stdout
