"""What brokers do: they freeze, refuse, limit, forget, and are fought over."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Final

from tests.faults.network.fed import FedGateway
from tests.faults.network.lines import KEEPALIVE_S
from tests.faults.network.trial import BUSY_S, Place, Trial, trial
from tests.faults.table import Row

PACKET_BYTES: Final = 3000
"""More than the status and most blocks have, and less than some have."""

SHORTEST_LONG_PAUSE_S: Final = 7.5
"""Half of the longest pause: the jitter takes so much at the most (DESIGN §6)."""


async def frozen(place: Place, frozen_s: float, times: int) -> Row:
    """SIGSTOP: its system still takes connections and bytes. Noticed within 2 × keepalive."""
    async with trial(place) as held:
        await held.flowing()
        noticed_s = 0.0
        for _ in range(times):
            held.faults += 1
            held.broker.freeze()
            lost = held.until(lambda: held.gateway.uplink["state"] != "connected", "the freeze is noticed")
            noticed_s = max(noticed_s, await lost)
            await asyncio.sleep(max(0.0, frozen_s - noticed_s))
            await held.resume(held.broker.thaw, quiet=False, within_s=25 + BUSY_S)
            await held.flowing(30)
        await held.settle()
        held.expect("noticed within 2 × keepalive", noticed_s < 2 * KEEPALIVE_S + BUSY_S)
        held.expect("reading and storing never pause", held.gateway.longest_pause_s() < BUSY_S)
        return held.row("broker frozen", noticed_s=noticed_s)


async def forbidding(place: Place, seconds: float) -> Row:
    """Its rules forbid telemetry and records; then they are mended."""
    place.folder.mkdir(parents=True, exist_ok=True)
    rules = place.folder / "acl"
    rules.write_text("topic read #\ntopic readwrite tagtrail/rig-01/status\n")
    rules.chmod(0o600)
    async with trial(place, "acl_file {folder}/acl") as held:
        held.faults += 1
        await held.until(lambda: "uplink_refused" in held.gateway.alarms, "the alarm is raised")
        await asyncio.sleep(seconds)
        held.expect("nothing counts as delivered", held.gateway.uplink["acknowledged_blocks"] == 0)

        def allow() -> None:
            rules.write_text("topic readwrite #\n")
            held.broker.reload()

        await held.resume(allow, quiet=False)
        await held.settle()
        held.expect("nothing is set aside", not held.gateway.quarantined())
        await held.until(lambda: "uplink_refused" not in held.gateway.alarms, "the alarm is cleared")
        return held.row("its rules forbid it")


async def barring(place: Place, seconds: float) -> Row:
    """CONNECT is refused: the password was changed; then it is put right. The listener needs none."""
    place.folder.mkdir(parents=True, exist_ok=True)
    (place.folder / "word").touch(mode=0o600)
    (place.folder / "word").write_text("new")
    passwords = place.folder / "passwords"
    _set_password(passwords, "old")
    login = {"username": "gateway", "password": {"file": str(place.folder / "word")}}
    async with trial(place, "password_file {folder}/passwords", mqtt=login) as held:
        held.faults += 1
        await held.until(lambda: "uplink_refused" in held.gateway.alarms, "the alarm is raised")
        await asyncio.sleep(seconds)
        attempts = held.link.connections

        def put_right() -> None:
            _set_password(passwords, "new")
            held.broker.reload()

        await held.resume(put_right)
        await held.settle()
        await held.until(lambda: "uplink_refused" not in held.gateway.alarms, "the alarm is cleared")
        held.expect("it backs off", attempts < 8 + seconds / 7)
        return held.row("CONNECT refused")


def _set_password(file: Path, password: str) -> None:
    file.touch(mode=0o600)
    command = ["mosquitto_passwd", "-b", str(file), "gateway", password]
    subprocess.run(command, check=True, capture_output=True)


async def few_at_a_time(place: Place, most: int) -> Row:
    """Receive Maximum: a broker that takes no more before it has acknowledged."""
    async with trial(place, f"max_inflight_messages {most}") as held:
        await held.flowing()
        for _ in range(2):
            held.faults += 1
            held.link.accepts = False
            held.link.reset()
            await asyncio.sleep(1)
            await held.resume(held.link.heal)
            await held.flowing(20)
        await held.settle()
        held.expect("it is never thrown off", held.link.connections == 1 + held.faults)
        return held.row(f"Receive Maximum {most}", window=most)


async def small_packets(place: Place) -> Row:
    """Maximum Packet Size: what is larger can never be taken; it is set aside, counted and shown."""
    async with trial(place, f"max_packet_size {PACKET_BYTES}") as held:
        held.faults += 1
        await held.flowing(20)
        await _burst(held)
        await held.flowing(20)
        await held.settle()
        aside = held.gateway.quarantined()
        large = {key for key, body in held.gateway.blocks().items() if len(body) > PACKET_BYTES}
        held.expect("some blocks are too large", bool(large))
        held.expect("all blocks that are too large are set aside", large <= aside)
        held.expect("and no other", all(len(held.gateway.blocks()[key]) > PACKET_BYTES - 50 for key in aside))
        held.expect("the alarm stands", "uplink_quarantine" in held.gateway.alarms)
        held.expect("it is never thrown off", held.link.connections == 1)
        return held.row("maximum packet size", window=0)


async def _burst(held: Trial) -> None:
    """So many readings at once that they make blocks of more than PACKET_BYTES."""
    for _ in range(5):
        for _ in range(8):
            held.gateway.feed.round(held.gateway.gateway.intake)
        await asyncio.sleep(0.2)


async def forgetful(place: Place, times: int) -> Row:
    """Killed and started anew, it knows nothing of what was; the listener is back before the gateway."""
    async with trial(place) as held:
        for _ in range(times):
            await held.flowing()
            held.faults += 1
            held.link.accepts = False
            held.link.reset()
            await asyncio.sleep(0.5)
            await held.broker.kill()
            await asyncio.sleep(1)
            await held.broker.start()
            await held.listening_again()
            await held.resume(held.link.heal)
        await held.flowing()
        await held.settle()
        return held.row("broker forgets")


async def namesakes(place: Place, seconds: float) -> Row:
    """Two boxes, one client id (a cloned card): both say so, both deliver all, neither fights."""
    async with trial(place) as held, FedGateway(place.folder / "twin", held.link.port) as twin:
        held.others.append(twin)
        said_s = await held.until(lambda: all(map(_says_so, (held.gateway, twin))), "both say so")
        before = held.link.connections
        await asyncio.sleep(seconds)
        takeovers = held.link.connections - before
        held.expect("no war of takeovers", takeovers <= 2 + 2 * seconds / SHORTEST_LONG_PAUSE_S)
        await held.settle()
        held.faults += held.link.connections
        return held.row("two boxes, one client id", noticed_s=said_s)


def _says_so(box: FedGateway) -> bool:
    return "uplink_client_id" in box.alarms
