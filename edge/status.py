"""What the running gateway says of itself: briefly on the retained topic, in full to `tagtrail status`."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from drivers.contract import Fix, Instant, Observation, Reading, Sighting
from edge.devices import DeviceState
from edge.errors import JournalError
from edge.instant import rfc3339
from edge.journal.database import explained, open_reader
from edge.journal.facts import backlog, lanes, stored
from edge.journal.standing import standing
from edge.quantities import QUANTITIES
from edge.settings import Settings

if TYPE_CHECKING:
    from edge.gateway import Gateway

log = logging.getLogger(__name__)

VERSION: Final = version("tagtrail")


def brief(gateway: Gateway) -> bytes:
    """The payload of ``…/status`` (DESIGN §6): versions, clock, backlog, disk."""
    facts = {
        "v": 1,
        "gateway": gateway.settings.gateway.id,
        "state": "online",
        "version": VERSION,
        "t": rfc3339(gateway.clock.now()),
        "clock": gateway.clock.state,
        "clock_uncertainty_s": _clock(gateway)["uncertainty_s"],
        "journal": gateway.journal.facts(),
        "disk": disk(gateway.settings.journal.path),
        "alarms": len(gateway.own.standing),
    }
    return orjson.dumps(facts)


async def entire(gateway: Gateway) -> dict[str, Any]:
    """``full``, and what the journal's file knows besides; stored: None where it cannot be read now."""
    try:
        in_file = await gateway.journal.stored()
    except JournalError as error:
        log.debug("status: %s", error)
        in_file = None
    return {**full(gateway), "stored": in_file}


def full(gateway: Gateway) -> dict[str, Any]:
    """All that is in memory: points with ages, refusals by reason, ports, uplinks, backlog, clock, alarms."""
    return {
        "running": True,
        "gateway": gateway.settings.gateway.id,
        "version": VERSION,
        "t": rfc3339(gateway.clock.now()),
        "up_s": round(time.monotonic() - gateway.started, 1),
        "clock": _clock(gateway),
        "journal": gateway.journal.facts(),
        "disk": disk(gateway.settings.journal.path),
        "settings": None if gateway.rereading is None else gateway.rereading.facts(),
        "uplinks": {name: uplink.facts() for name, uplink in gateway.uplinks.items()},
        "ports": {name: _port(gateway, name) for name in gateway.ports.sources},
        "devices": {name: _device(gateway, state) for name, state in gateway.intake.devices.items()},
        "hold_list": gateway.hold_lists.facts(),
        "commands": gateway.commands.facts(),
        "recorders": {"failures": dict(gateway.recording.failures)},
        "alarms": [record.body() for record in gateway.own.standing.active],
    }


def _clock(gateway: Gateway) -> dict[str, Any]:
    """holds: whether blocks wait for the time. refused, apart: what the last check met, in s from ours."""
    clock = gateway.clock
    uncertainty = clock.uncertainty
    return {
        "state": clock.state,
        "uncertainty_s": None if uncertainty is None else round(uncertainty / 1e9, 3),
        "holds": clock.holds,
        "refused_offers": clock.refused_offers,
        "refused": {each.source: {"why": each.why, "off_s": each.off / 1e9} for each in clock.refused},
        "apart": {each.other: {"followed": each.followed, "off_s": each.off / 1e9} for each in clock.apart},
    }


def without_daemon(settings: Settings) -> dict[str, Any]:
    """What the journal's file tells while nobody writes it. Raises JournalError."""
    return {
        "running": False,
        "gateway": settings.gateway.id,
        "version": VERSION,
        "t": rfc3339(Instant(time.time_ns())),
        **_of_file(settings.journal.path, settings.journal.max_size_bytes),
        "disk": disk(settings.journal.path),
    }


def _of_file(path: Path, max_size_bytes: int) -> dict[str, Any]:
    try:
        with closing(open_reader(path)) as connection:
            found = standing(connection)
            journal = found.lanes[-1].journal if found.lanes else None
            return {
                "journal": {
                    "id": journal,
                    "size_bytes": path.stat().st_size,
                    "used_bytes": found.used_bytes,
                    "max_size_bytes": max_size_bytes,
                    "lanes": lanes(found, journal or ""),
                    "backlog": backlog(found),
                    "quarantined": dict(found.quarantined),
                },
                "stored": stored(connection, found),
            }
    except sqlite3.Error as error:
        raise explained(path, error) from error


def disk(journal: Path) -> dict[str, int]:
    """Of the file system under the journal."""
    usage = shutil.disk_usage(journal.parent)
    return {"free_bytes": usage.free, "total_bytes": usage.total}


def _port(gateway: Gateway, name: str) -> dict[str, Any]:
    health = gateway.ports.health[name]
    return {
        "state": health.state,
        "error": health.error,
        "restarts": health.restarts,
        "crashes": health.crashes,
        "hangs": health.hangs,
        **gateway.ports.sources[name].counters(),
    }


def _device(gateway: Gateway, state: DeviceState) -> dict[str, Any]:
    settings = gateway.settings.devices[state.device.name]
    return {
        "name": settings.name,
        "driver": settings.driver,
        "port": settings.port,
        "place": settings.place,
        "every_s": None if state.every_s is None else round(state.every_s, 1),
        "observed": state.observed,
        "thinned": state.thinned,
        "refused": dict(state.refused),
        "points": {name: _point(gateway, item) for name, item in state.newest.items()},
    }


def _point(gateway: Gateway, item: Observation) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "t": rfc3339(item.at),
        "age_s": round((gateway.clock.now() - item.at) / 1e9, 1),
    }
    match item:
        case Reading():
            facts |= {"value": item.value, "unit": QUANTITIES[item.quantity].unit, "quality": item.quality}
            if item.reason:
                facts["reason"] = item.reason
        case Sighting():
            facts |= {"value": item.code.value, "scheme": item.code.scheme, "quality": "good"}
        case Fix():
            facts |= {"value": [item.lat, item.lon], "speed": item.speed, "quality": "good"}
    return facts
