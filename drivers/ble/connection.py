"""A probe that says its values only to whom is connected to it (GATT), and what keeps it connected."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Final

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from drivers import defects
from drivers.ble.advertisement import Advertisement, short_uuid, spelt
from drivers.ble.probe import Connected
from drivers.ble.scan import SCAN_FAILURES
from drivers.contract import Device, Emit, Frame, Now, Reject

log = logging.getLogger(__name__)

CONNECT_S: Final = 25.0
"""BlueZ itself gives up about then."""

READ_S: Final = 10.0
"""A link that does not answer a read within this time is dead."""

READ_EVERY_S: Final = 30.0
"""How often it is read where it cannot notify and the settings say nothing."""

TOGETHER_S: Final = 0.3
"""What is notified within this time is one frame: a probe's quantities come one behind the other."""

PAUSE_FIRST_S: Final = 1.0
PAUSE_MOST_S: Final = 30.0
"""Between two attempts, jittered: a connection costs the probe's battery and the scan's time."""


class Connection:
    """Keeps one probe connected once it has been heard. up: it is. lost: how often it was and ended."""

    def __init__(self, device: Device) -> None:
        assert isinstance(device.decoder, Connected)
        self.name = device.name
        self.up = False
        self.lost = 0
        self._decoder = device.decoder
        self._every_s = device.every_s or READ_EVERY_S
        self._device: BLEDevice | None = None
        self._heard = asyncio.Event()
        self._asked = asyncio.Event()
        self._failed = False

    def seen(self, device: BLEDevice) -> None:
        """It advertises, so that it can be connected."""
        self._device = device
        self._heard.set()

    def ask(self) -> None:
        """Read it at once."""
        self._asked.set()

    async def run(self, adapter: str, turn: asyncio.Lock, emit: Emit, now: Now) -> None:
        """Until cancelled: connects when it is its turn, for an adapter makes one connection at a time;
        listens, and connects again."""
        pause_s = PAUSE_FIRST_S
        self._heard.clear()
        while True:
            await self._heard.wait()
            self._heard.clear()
            lost = self.lost
            try:
                await self._serve(adapter, turn, emit, now)
                self._tell("the connection ended")
            except SCAN_FAILURES as error:
                self._tell(f"no connection: {str(error) or type(error).__name__}")
            pause_s = min(PAUSE_MOST_S, pause_s * 2) if self.lost == lost else PAUSE_FIRST_S
            await asyncio.sleep(pause_s * random.uniform(0.7, 1.0))

    async def _serve(self, adapter: str, turn: asyncio.Lock, emit: Emit, now: Now) -> None:
        """One connection, until it ends."""
        ended = asyncio.Event()
        assert self._device is not None
        client = BleakClient(
            self._device,
            disconnected_callback=lambda _client: ended.set(),
            timeout=CONNECT_S,
            bluez={"adapter": adapter},
        )
        values: dict[int, bytes] = {}
        arrived = asyncio.Event()

        def notified(characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
            values[_number(characteristic)] = bytes(value)
            arrived.set()

        async with turn:
            await client.connect()
        try:
            read = await self._subscribe(client, notified)
            self.up = True
            self._tell("")
            await _first_of(
                self._read(client, read, values, arrived),
                self._gather(values, arrived, emit, now),
                ended.wait(),
            )
        finally:
            self.lost += self.up
            self.up = False
            with suppress(*SCAN_FAILURES):  # it may have ended by itself
                await client.disconnect()

    async def _subscribe(
        self, client: BleakClient, notified: Callable[[BleakGATTCharacteristic, bytearray], None]
    ) -> list[BleakGATTCharacteristic]:
        """Those that must be read because they cannot notify. Raises BleakError where there is nothing."""
        ours = {_number(item): item for item in reversed(list(client.services.characteristics.values()))}
        found = [ours[uuid] for uuid in self._decoder.characteristics if uuid in ours]
        if not found:
            wanted = ", ".join(f"{uuid:04X}" for uuid in self._decoder.characteristics)
            raise BleakError(f"it has none of the characteristics {wanted}: another driver suits it")
        for item in found:
            if _notifies(item):
                await client.start_notify(item, notified)
        return [item for item in found if not _notifies(item)]

    async def _read(
        self,
        client: BleakClient,
        characteristics: list[BleakGATTCharacteristic],
        values: dict[int, bytes],
        arrived: asyncio.Event,
    ) -> None:
        """Asks for what does not come by itself, every so often and when it is asked to."""
        readable = [item for item in client.services.characteristics.values() if "read" in item.properties]
        wanted = [item for item in readable if _number(item) in self._decoder.characteristics]
        asked = wanted  # the first time, all: what notifies may have nothing to say for long
        while True:
            for item in asked:
                async with asyncio.timeout(READ_S):
                    values[_number(item)] = bytes(await client.read_gatt_char(item))
                arrived.set()
            self._asked.clear()
            try:
                async with asyncio.timeout(self._every_s):
                    await self._asked.wait()
                asked = wanted
            except TimeoutError:
                asked = characteristics

    async def _gather(self, values: dict[int, bytes], arrived: asyncio.Event, emit: Emit, now: Now) -> None:
        while True:
            await arrived.wait()
            at = now()
            await asyncio.sleep(TOGETHER_S)
            arrived.clear()
            frame = _frame(values)
            values.clear()
            try:
                with defects.refused():
                    observations = self._decoder.decode(frame, at)
            except Reject as reject:
                emit.refuse(self.name, reject, frame)
            else:
                emit(self.name, observations, frame)

    def _tell(self, failure: str) -> None:
        """A change of state is logged once, repeats at debug."""
        if failure:
            log.log(logging.DEBUG if self._failed else logging.WARNING, "%s: %s", self.name, failure)
        elif self._failed:
            log.info("%s: connected again", self.name)
        self._failed = bool(failure)


async def _first_of(*work: Coroutine[Any, Any, object]) -> None:
    """Until the first of them ends, or fails; then the others are no more."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _frame(values: Mapping[int, bytes]) -> Frame:
    return Frame(spelt(Advertisement("", {}, dict(sorted(values.items())), frozenset())))


def _number(characteristic: BleakGATTCharacteristic) -> int:
    return short_uuid(int(characteristic.uuid.replace("-", ""), 16))


def _notifies(characteristic: BleakGATTCharacteristic) -> bool:
    return not {"notify", "indicate"}.isdisjoint(characteristic.properties)
