"""The MQTT uplink: what the journal keeps, at a broker; acknowledged, or still owed (DESIGN §6)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from enum import StrEnum
from time import monotonic
from typing import Any, Final

import orjson

from edge.alarms import Alarms, Cause
from edge.commands.judging import Message
from edge.errors import JournalError, UplinkDown
from edge.evidence.seals import Seal
from edge.journal.block import Outbox
from edge.uplinks.answers import Answers
from edge.uplinks.connection import Connection, Heard
from edge.uplinks.delivery import Delivery
from edge.uplinks.live import INTERVAL_S, Newest
from edge.uplinks.pace import PAUSE_MOST_S, Backoff, CatchUp
from edge.uplinks.reasons import REFUSED, ConnectionLostError, ConnectRefusedError, End, reason_name
from edge.uplinks.seals import ShownSeals, kept_seals
from edge.uplinks.target import Target
from edge.uplinks.trust import NoTrustError, told

__all__ = ["MqttUplink", "State", "Target"]

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
STATUS_EVERY_S: Final = 60.0
STEADY_S: Final = 60.0
"""A connection that lasted this long was not taken over by a gateway of the same name."""

FAREWELL_S: Final = 1.5
KEEP_LAST_S: Final = 0.5
"""For the last acknowledgements and the offline status, and then for the cursors: 2 s together."""

TAKEN_OVER: Final = 0x8E
THROWN_OFF_MOST: Final = 3
"""So often without a steady stretch between: a second gateway uses this one's name."""

CREDENTIALS_REFUSED: Final = frozenset({0x86, 0x87})

ABOUT_A_BLOCK: Final = frozenset({None, 0x80, 0x81, 0x82, 0x83, 0x90, 0x95, 0x99})
"""Reasons for the end of a connection (None: there was none) that what was just sent may have given."""


class State(StrEnum):
    """Of an uplink. waiting: for its next attempt."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"


class MqttUplink:
    """Delivers one journal to one broker, over as many connections as it takes."""

    def __init__(
        self,
        name: str,
        target: Target,
        outbox: Outbox,
        alarms: Alarms,
        status: Callable[[], bytes],
        *,
        holds: Callable[[bytes], None] = lambda _: None,
        commands: Callable[[Message], None] = lambda _: None,
        seals: Callable[[], Sequence[Seal]] = tuple,
        witness: Callable[[Sequence[Seal]], Awaitable[None]] | None = None,
        knows_time: Callable[[], bool] = lambda: True,
    ) -> None:
        """name: as in the settings. status: the retained status as JSON, made anew each time.

        holds: told the hold list, whenever the broker has one to give. commands: told
        each command; its answer is given to ``answer``. seals: the newest of each lane, retained too.
        witness: told before anything is published which seals the broker has kept; None: that is known.
        knows_time: whether the clock may be believed when a certificate's dates do not fit.
        """
        self.name = name
        self._target = target
        self._alarms = alarms
        self._status = status
        self._holds = holds
        self._hold_list = "off"
        self._commands = commands
        self._commands_heard = "off"
        self._witness = witness
        self._knows_time = knows_time
        self._offline = orjson.dumps({"v": 1, "gateway": target.gateway, "state": "offline"})
        catch_up = CatchUp(target.catch_up_bytes_per_s)
        self._delivery = Delivery(name, target.block_topic, outbox, alarms, catch_up)
        self._answers = Answers(self._delivery.wake)
        self._shown_seals = ShownSeals(name, target, seals)
        self._newest = Newest()
        self._showing: asyncio.TimerHandle | None = None
        self._connection: Connection | None = None
        self._backoff = Backoff()
        self._state = State.STOPPED
        self._since_s = monotonic()
        self._connections = 0
        self._thrown_off = 0
        self._barred = False
        self._unread = False
        self._error = ""
        self._reason: dict[str, object] | None = None
        self._live_sent = 0
        self._live_oversize = 0
        self._status_refused = 0

    async def run(self) -> None:
        """Until cancelled; then the broker is told, and what it acknowledged is written down, within 2 s.

        A journal that cannot be read or written ends the connection, no more: it is tried again.
        """
        try:
            while True:
                try:
                    await self._work()
                except JournalError as error:
                    self._journal_failed(error)
                await asyncio.sleep(self._backoff.pause_s())
        except asyncio.CancelledError:
            await self._keep_last()
            raise
        finally:
            self._enter(State.STOPPED)

    def live(self, device: str, payload: bytes) -> None:
        """Shows a device's newest readings at QoS 0. Never blocks; newer ones replace those not yet shown."""
        self._newest.offer(device, payload)
        if self._connection is not None:
            self._show_soon()

    def answer(self, verb: str, payload: bytes) -> None:
        """Publishes the answer to a command: now, or with the next connection."""
        self._answers.give(self._target.answer_topic(verb), payload)
        if self._connection is not None:
            with suppress(ConnectionLostError):  # its own task learns of it as well
                self._answers.send(self._connection)

    def facts(self) -> dict[str, object]:
        """What `status` shows. Ages and times in seconds, counts since the start."""
        tally = self._delivery.tally
        last_s = tally.acknowledged_s
        return {
            "broker": self._target.address,
            "state": self._state.value,
            "for_s": round(monotonic() - self._since_s, 1),
            "connections": self._connections,
            "last_error": self._error,
            "reason": self._reason,
            "acknowledgement": "weak" if self._target.weak else "strong",
            "in_flight": len(self._delivery.window),
            "backlog_blocks": self._delivery.backlog,
            "acknowledged_blocks": tally.blocks,
            "acknowledged_observations": tally.observations,
            "acknowledged_s_ago": None if last_s is None else round(monotonic() - last_s, 1),
            "refused": dict(tally.refused),
            "status_refused": self._status_refused,
            "quarantined": tally.quarantined,
            "hold_list": self._hold_list,
            "commands": self._commands_heard,
            "answers": self._answers.facts(),
            "seals": self._shown_seals.state,
            "live_sent": self._live_sent,
            "live_replaced": self._newest.replaced,
            "live_oversize": self._live_oversize,
        }

    async def _work(self) -> None:
        """Raises JournalError."""
        await _together(self._delivery.watch(), self._delivery.keep(), self._stay_connected())

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._delivery.arrears.look()
                await self._session()
            except UplinkDown as down:
                self._note(down)
            self._enter(State.WAITING)
            await asyncio.sleep(self._backoff.pause_s())

    async def _session(self) -> None:
        """One connection from its opening to its loss. Raises UplinkDown."""
        self._enter(State.CONNECTING)
        if self._witness is not None:
            await self._witness(await kept_seals(self._target))
            self._witness = None
        connection = await Connection.open(self._target, self._offline)
        blame = False
        try:
            await self._shown_seals.introduce(connection)
            self._greet(connection)
            await _together(
                connection.until_lost(), self._delivery.send(connection), self._keep_house(connection)
            )
        except ConnectionLostError as lost:
            blame = self._may_be_about_a_block(lost)
            self._look_for_a_namesake(lost)
            raise
        except asyncio.CancelledError:
            await self._say_goodbye(connection)
            raise
        finally:
            self._connection = None
            self._delivery.lost(blame=blame)
            await connection.drop()

    def _greet(self, connection: Connection) -> None:
        """The status first, then what is live: a person sees at once that the gateway is back."""
        self._connection = connection
        self._connections += 1
        self._enter(State.CONNECTED)
        log.info("uplink %s: connected to %s", self.name, self._target.address)
        if self._barred:
            self._barred = False
            self._alarms.cleared(Cause.UPLINK_REFUSED, self.name)
        self._tell_status(connection)
        if self._target.holds:
            connection.subscribe(
                self._target.holds_topic, lambda heard: self._holds(heard.payload), self._holds_answered
            )
        if self._target.commands:
            connection.subscribe(self._target.commands_topic, self._command, self._commands_answered)
        self._answers.connected()
        self._shown_seals.tell(connection)
        self._show_soon()

    async def _keep_house(self, connection: Connection) -> None:
        begun_s = status_s = monotonic()
        while True:
            await asyncio.sleep(min(TICK_S, self._target.keepalive_s / 4))
            connection.tick()
            self._answers.send(connection)
            self._shown_seals.tell(connection)
            now_s = monotonic()
            if now_s - status_s >= STATUS_EVERY_S and connection.has_room:
                status_s = now_s
                self._tell_status(connection)
            if now_s - begun_s >= PAUSE_MOST_S:
                self._backoff.reset()
                if self._unread:
                    self._unread = False
                    self._alarms.cleared(Cause.UPLINK_JOURNAL, self.name)
            if now_s - begun_s >= STEADY_S and self._thrown_off:
                self._thrown_off = 0
                self._alarms.cleared(Cause.UPLINK_CLIENT_ID, self.name)

    def _tell_status(self, connection: Connection) -> None:
        connection.publish(self._target.status_topic, self._status(), self._status_answered, retain=True)

    def _status_answered(self, code: int) -> None:
        self._delivery.wake()
        if code >= REFUSED:
            self._status_refused += 1
            log.debug("uplink %s: the status was refused, %s", self.name, reason_name(code))

    def _holds_answered(self, code: int) -> None:
        """A broker that forbids it costs the deliveries nothing; `status` tells, and the log once."""
        before, self._hold_list = self._hold_list, "refused" if code >= REFUSED else "subscribed"
        if code >= REFUSED and before != self._hold_list:
            log.warning(
                "uplink %s: no hold list: %s on %s; look at the broker's rules, or write holds: false",
                *(self.name, reason_name(code), self._target.holds_topic),
            )

    def _command(self, heard: Heard) -> None:
        self._commands(Message(heard.topic.rpartition("/")[2], heard.payload, heard.retained))

    def _commands_answered(self, code: int) -> None:
        """As with the hold list."""
        before, self._commands_heard = self._commands_heard, "refused" if code >= REFUSED else "subscribed"
        if code >= REFUSED and before != self._commands_heard:
            log.warning(
                "uplink %s: no commands: %s on %s; look at the broker's rules, or take mqtt.commands away",
                *(self.name, reason_name(code), self._target.commands_topic),
            )

    async def _say_goodbye(self, connection: Connection) -> None:
        with suppress(TimeoutError, ConnectionLostError):
            async with asyncio.timeout(FAREWELL_S):
                await connection.farewell(self._offline)

    async def _keep_last(self) -> None:
        try:
            async with asyncio.timeout(KEEP_LAST_S):
                await self._delivery.keep_now()
        except (TimeoutError, JournalError) as error:
            log.warning("uplink %s: cursors not written (%r); some blocks arrive twice", self.name, error)

    def _note(self, down: UplinkDown) -> None:
        """Keeps the error for `status`, logs it where it is news, raises the alarm that it may call for."""
        if isinstance(down, NoTrustError) and down.is_dated and not self._knows_time():
            down = down.by_a_doubtful_clock()
        repeated = self._state is State.CONNECTING and str(down) == self._error
        log.log(
            logging.DEBUG if repeated else logging.WARNING, "uplink %s: %s; trying again", self.name, down
        )
        self._error = str(down)
        self._reason = told(down)
        if _needs_a_person(down):
            self._barred = True
            self._alarms.raised(Cause.UPLINK_REFUSED, self.name, str(down))

    def _journal_failed(self, error: JournalError) -> None:
        level = logging.DEBUG if str(error) == self._error else logging.ERROR
        log.log(level, "uplink %s: %s; trying again", self.name, error)
        self._error, self._reason = str(error), None
        self._unread = True
        self._alarms.raised(Cause.UPLINK_JOURNAL, self.name, str(error))
        self._enter(State.WAITING)

    def _look_for_a_namesake(self, lost: ConnectionLostError) -> None:
        """Two gateways of one name throw each other off for ever; not every broker says that it is so."""
        idle = not self._delivery.window.unanswered
        if lost.code == TAKEN_OVER or (lost.end is End.CLOSED and idle):
            self._thrown_off += 1
        if self._thrown_off >= THROWN_OFF_MOST:
            detail = f"thrown off again and again; is another gateway connected as {self._target.client_id}?"
            self._alarms.raised(Cause.UPLINK_CLIENT_ID, self.name, detail)

    @staticmethod
    def _may_be_about_a_block(lost: ConnectionLostError) -> bool:
        return lost.end is not End.GIVEN_UP and lost.code in ABOUT_A_BLOCK

    def _enter(self, state: State) -> None:
        self._state = state
        self._since_s = monotonic()

    def _show_soon(self) -> None:
        """Arranges for what waits to be shown, unless that is arranged already."""
        wait_s = self._newest.wait_s(monotonic())
        if wait_s is not None and self._showing is None:
            self._showing = asyncio.get_running_loop().call_later(wait_s, self._show)

    def _show(self) -> None:
        self._showing = None
        connection = self._connection
        if connection is None:
            return
        if connection.is_congested:
            self._showing = asyncio.get_running_loop().call_later(INTERVAL_S, self._show)
            return
        self._shown_seals.tell(connection)  # on a slow line live values would leave them no turn
        for device, payload in self._newest.take(monotonic()).items():
            if connection.show(self._target.live_topic(device), payload):
                self._live_sent += 1
            else:
                self._live_oversize += 1


def _needs_a_person(down: UplinkDown) -> bool:
    """Whether no later attempt fares better by itself."""
    if isinstance(down, NoTrustError):
        return down.lasts
    return isinstance(down, ConnectRefusedError) and down.code in CREDENTIALS_REFUSED


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Until one of them fails, or all are cancelled; the others are then ended. Raises what the first raised.

    No task group: that one forgets that it was cancelled where one of its tasks fails in the same moment, and
    a gateway that stops would wait for ever.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
