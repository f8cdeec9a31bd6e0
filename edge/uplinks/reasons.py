"""How a broker says no, and how a connection ends."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import UplinkDown

REFUSED: Final = 0x80
"""Reason codes from here on are refusals."""

UNSUPPORTED_VERSION: Final = 0x84


class ConnectRefusedError(UplinkDown):
    """The broker answered CONNECT with a no. code: the reason code of MQTT 5."""

    def __init__(self, address: str, code: int) -> None:
        if code == UNSUPPORTED_VERSION:
            advice = 'it knows no MQTT 5; write version: "3.1.1" under mqtt:'
        else:
            advice = "look at username, password and certificate, and at the broker's log"
        super().__init__(f"{address} refused the connection: {reason_name(code)}; {advice}")
        self.code = code


class End(Enum):
    """How a connection ended."""

    GIVEN_UP = auto()
    """Here, for want of an answer."""
    BROKEN = auto()
    """By a reset or the like."""
    CLOSED = auto()
    """By the broker, without a word."""
    DISMISSED = auto()
    """By the broker, which said why."""


class ConnectionLostError(UplinkDown):
    """A connection is gone. code: the reason that the broker gave, None where it gave none."""

    def __init__(self, message: str, end: End, code: int | None = None) -> None:
        super().__init__(message)
        self.end = end
        self.code = code


def reason_name(code: int) -> str:
    """A reason code as MQTT 5 names it: ``0x87 Not authorized``."""
    return f"{code:#04x} {next(iter(ReasonCode.names[code]))}"
