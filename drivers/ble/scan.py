"""A scan on one adapter, by bleak: passive where BlueZ allows it and that will do, else active."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs, OrPattern, OrPatternLike
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.scanner import AdvertisementDataCallback
from bleak.exc import BleakError

from drivers.ble.bluez import ANSWER_S, BUS_FAILURES
from drivers.contract import LinkDown

log = logging.getLogger(__name__)

SCAN_FAILURES: Final = (BleakError, *BUS_FAILURES)

PATTERNS: Final[list[OrPatternLike]] = [
    OrPattern(0, AdvertisementDataType.FLAGS, b"\x02"),
    OrPattern(0, AdvertisementDataType.FLAGS, b"\x04"),
    OrPattern(0, AdvertisementDataType.FLAGS, b"\x05"),
    OrPattern(0, AdvertisementDataType.FLAGS, b"\x06"),
    OrPattern(0, AdvertisementDataType.FLAGS, b"\x1a"),
    OrPattern(0, AdvertisementDataType.SERVICE_DATA_UUID16, b"\xd2\xfc"),
    OrPattern(0, AdvertisementDataType.SERVICE_DATA_UUID16, b"\x1a\x18"),
    OrPattern(0, AdvertisementDataType.SERVICE_DATA_UUID16, b"\x95\xfe"),
    OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\x99\x04"),
]
"""BlueZ asks of a passive scan what to look for: the flags that devices advertise, and for those without any
the services and the company of BTHome, ATC1441 and pvvx, MiBeacon and Ruuvi."""

PASSIVE: Final = BlueZScannerArgs(or_patterns=PATTERNS)
ACTIVE: Final = BlueZScannerArgs(filters={"DuplicateData": True})
"""What is said again is signalled again, and only what was said."""


@asynccontextmanager
async def scanning(adapter: str, heard: AdvertisementDataCallback, *, passive: bool) -> AsyncIterator[bool]:
    """A scan that runs; whether it is passive. Raises LinkDown where it cannot be started."""
    scanner = await _started_passive(adapter, heard) if passive else None
    if passively := scanner is not None:
        assert scanner is not None
    else:
        scanner = await _started_active(adapter, heard)
    try:
        yield passively
    finally:
        await _stop(scanner)


async def _started_passive(adapter: str, heard: AdvertisementDataCallback) -> BleakScanner | None:
    scanner = BleakScanner(heard, scanning_mode="passive", bluez={"adapter": adapter, **PASSIVE})
    try:
        async with asyncio.timeout(ANSWER_S):
            await scanner.start()
    except SCAN_FAILURES as error:
        log.debug("%s: no passive scan: %s", adapter, error)
        return None
    return scanner


async def _started_active(adapter: str, heard: AdvertisementDataCallback) -> BleakScanner:
    scanner = BleakScanner(heard, scanning_mode="active", bluez={"adapter": adapter, **ACTIVE})
    try:
        async with asyncio.timeout(ANSWER_S):
            await scanner.start()
    except SCAN_FAILURES as error:
        raise LinkDown(f"{adapter} cannot scan ({error}): see journalctl -u bluetooth") from error
    return scanner


async def _stop(scanner: BleakScanner) -> None:
    """Its end may be refused by a BlueZ that is gone; nothing of it is left here in any case."""
    try:
        async with asyncio.timeout(ANSWER_S):
            await scanner.stop()
    except SCAN_FAILURES as error:
        log.debug("the scan ended by itself: %s", error)
