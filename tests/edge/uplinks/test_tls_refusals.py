"""TLS that does not hold: refused before a byte of MQTT, and the sentence says which flaw it is."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from edge.alarms import Cause
from edge.clock import WRITTEN
from edge.messages import sentence
from edge.uplinks.connection import Connection
from edge.uplinks.target import Target
from edge.uplinks.trust import NoTrustError, failed, tls_context
from tests.authority import DAY, Authority
from tests.edge.uplinks.standins import AlarmLog, MemoryOutbox, new_uplink, running, target, until
from tests.tls_server import TlsServer
from tests.wrong_tls import SERVERS, Site

PASSWORD = "s3cret-of-the-gateway"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, Authority(tmp_path, "ca.pem"), Authority(tmp_path, "other.pem"))


def to(site: Site, port: int, **more: Path) -> Target:
    name = {"username": "dx-yidong-01", "password": PASSWORD}
    return target(port, tls=True, ca=site.ours.path, **name, **more)


async def refusal(wrong: Target) -> NoTrustError:
    with pytest.raises(NoTrustError) as refused:
        await Connection.open(wrong)
    return refused.value


@pytest.mark.parametrize("flaw", SERVERS)
async def test_a_server_that_cannot_be_trusted_is_told_nothing(site: Site, flaw: str) -> None:
    with TlsServer(SERVERS[flaw](site), greeting=b"\x20\x02\x00\x05\x00") as server:
        refused = await refusal(to(site, server.port))
    assert (refused.text, server.visits) == (f"tls.{flaw}", 1)
    assert f"127.0.0.1:{server.port}" in str(refused)
    assert str(refused) != sentence("zh", refused.text, refused.values)
    assert b"MQTT" not in server.read
    assert PASSWORD.encode() not in server.read


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("flaw", ["foreign", "expired", "missing"])
async def test_a_server_that_refuses_our_certificate_is_told_nothing_either(
    site: Site, flaw: str, version: ssl.TLSVersion
) -> None:
    """Under TLS 1.3 our side is done before the server has looked: it reads nothing all the same."""
    context = site.sound(clients=site.ours.path)
    context.maximum_version = version
    mine = {
        "foreign": lambda: site.theirs.issue("gateway"),
        "expired": lambda: site.ours.issue("gateway", begins=-2 * DAY, ends=-DAY),
    }
    files = dict(zip(("cert", "key"), mine[flaw](), strict=True)) if flaw in mine else {}
    with TlsServer(context) as server:
        refused = await refusal(to(site, server.port, **files))
    unlike = "ours_missing" if version is ssl.TLSVersion.TLSv1_3 else "turned_down"
    assert refused.text == f"tls.{unlike if flaw == 'missing' else 'ours_refused'}"
    assert server.read == b""


def locked(key: Path) -> bytes:
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"a phrase"),
    )


def test_files_of_ours_that_do_not_hold_are_named(site: Site) -> None:
    cert, key = site.ours.issue("gateway")
    _, another = site.ours.issue("another")
    none, empty = site.folder / "none", site.file("empty", b"")
    text, phrased = site.file("text", b"no certificate"), site.file("locked", locked(key))
    rows: list[tuple[Path, Path, Path, str, Path]] = [
        (none, cert, key, "unreadable", none),
        (site.folder, cert, key, "unreadable", site.folder),
        (text, cert, key, "no_certificates", text),
        (empty, cert, key, "no_certificates", empty),
        (site.ours.path, none, key, "unreadable", none),
        (site.ours.path, cert, none, "unreadable", none),
        (site.ours.path, text, key, "no_certificate_and_key", text),
        (site.ours.path, cert, text, "no_certificate_and_key", text),
        (site.ours.path, cert, phrased, "no_certificate_and_key", phrased),
        (site.ours.path, cert, another, "key_of_another", another),
    ]
    for ca, ours, private, flaw, named in rows:
        with pytest.raises(NoTrustError) as refused:
            tls_context(ca, ours, private)
        assert refused.value.text == f"tls.{flaw}"
        assert str(named) in str(refused.value)


async def test_where_the_time_is_not_known_the_clock_is_named_and_no_person_is_called(site: Site) -> None:
    """A box without a battery boots in the past: certificates are not valid yet, and that mends itself."""
    alarms = AlarmLog()
    with TlsServer(SERVERS["not_yet_valid"](site)) as server:
        uplink = new_uplink(to(site, server.port), MemoryOutbox(), alarms, knows_time=False)
        async with running(uplink):
            await until(lambda: "clock of this gateway" in str(uplink.facts()["last_error"]))
    assert alarms.raised_ever == []


async def test_where_the_time_is_known_a_person_is_called(site: Site) -> None:
    alarms = AlarmLog()
    with TlsServer(SERVERS["not_yet_valid"](site)) as server:
        uplink = new_uplink(to(site, server.port), MemoryOutbox(), alarms)
        async with running(uplink):
            await until(lambda: Cause.UPLINK_REFUSED in alarms.standing)
    assert "not valid yet" in alarms.standing[Cause.UPLINK_REFUSED]
    assert "may be the cause" not in alarms.standing[Cause.UPLINK_REFUSED]


@pytest.mark.parametrize(("wall_ns", "named"), [(WRITTEN - 1, True), (WRITTEN, False)])
def test_a_clock_before_the_build_is_the_cause_for_sure(wall_ns: int, *, named: bool) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = 9, "certificate is not yet valid"
    assert ("clock of this gateway is not known" in str(failed(error, "x:1", wall_ns))) is named
