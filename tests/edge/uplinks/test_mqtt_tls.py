"""TLS to a real mosquitto, with an authority and certificates made for the test."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from edge.uplinks.trust import tls_context
from tests.authority import Authority
from tests.edge.uplinks.standins import AlarmLog, MemoryOutbox, new_uplink, running, target, until
from tests.mosquitto import Broker


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ca.pem")


def tls_settings(authority: Authority, *addresses: str) -> tuple[str, ...]:
    cert, key = authority.issue("broker.test", *addresses)
    return (f"cafile {authority.path}", f"certfile {cert}", f"keyfile {key}")


async def test_blocks_and_live_values_over_tls_with_a_client_certificate(
    mosquitto: Path, tmp_path: Path, authority: Authority
) -> None:
    settings = (*tls_settings(authority, "127.0.0.1"), "require_certificate true")
    cert, key = authority.issue("gateway")
    outbox = MemoryOutbox()
    outbox.telemetry(100, size=20_000)
    async with Broker(mosquitto, tmp_path, *settings) as broker:
        to = target(broker.port, tls=True, ca=authority.path, cert=cert, key=key)
        uplink = new_uplink(to, outbox, AlarmLog())
        async with running(uplink):
            uplink.live("door", b"1")
            await until(lambda: outbox.cursor() == 100)
            await until(lambda: uplink.facts()["live_sent"] == 1)
    assert uplink.facts()["connections"] == 1


@pytest.mark.parametrize(
    ("flaw", "error"),
    [
        ("another authority", "authority that is not trusted here"),
        ("another host's certificate", "IP address mismatch"),
        ("no certificate of ours", "a certificate of this gateway"),
        ("no such file", "none cannot be read (No such file"),
    ],
)
async def test_a_broker_that_cannot_be_trusted_gets_nothing(
    mosquitto: Path, tmp_path: Path, authority: Authority, flaw: str, error: str
) -> None:
    addresses = () if flaw == "another host's certificate" else ("127.0.0.1",)
    settings = [*tls_settings(authority, *addresses)]
    if flaw == "no certificate of ours":
        settings.append("require_certificate true")
    ca = {"another authority": Authority(tmp_path, "other.pem").path, "no such file": tmp_path / "none"}
    outbox = MemoryOutbox()
    outbox.telemetry(1)
    async with Broker(mosquitto, tmp_path, *settings) as broker:
        uplink = new_uplink(
            target(broker.port, tls=True, ca=ca.get(flaw, authority.path)), outbox, AlarmLog()
        )
        async with running(uplink):
            await until(lambda: error in str(uplink.facts()["last_error"]))
            assert "PUBLISH" not in broker.log()
    assert outbox.cursor() == 0
    assert uplink.facts()["connections"] == 0


def test_a_tls_older_than_1_2_is_never_spoken(authority: Authority) -> None:
    assert tls_context(authority.path).minimum_version is ssl.TLSVersion.TLSv1_2
