"""NMEA 0183 receivers: one epoch of RMC, GGA, VTG and ZDA becomes one Fix.

The sentences themselves are drawn in ``nmea_sentence.py``. Every cycle a receiver says some of the four, in
an order of its own, amid others that are checked and passed over::

    GNRMC GNVTG GNGGA GNGSA… GPGSV… GNGLL GNZDA │ GNRMC …       u-blox
    GNGNS GPVTG GPGSA… GPGGA GPRMC │ GNGNS …                    Quectel EG25-G
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from drivers.contract import Fix, Frame, Instant, NoOptions, Reason, Reject
from drivers.framing import Lines
from drivers.gps.nmea_sentence import Motion, gga, is_sound, rmc, vtg, zda

LONGEST = 1024
"""Bytes of a sentence. The standard says 82; u-blox's PUBX,03 of many satellites comes to 600."""

TIMED = (b"RMC", b"GGA", b"ZDA")
"""The types that bear the time of day, as their first field."""

WANTED = (*TIMED, b"VTG")
"""The types that make an epoch."""

MOST_SENTENCES = 16
"""In an epoch: four types of four talkers."""


class Epochs:
    """Groups the sentences of one cycle of the receiver into one Frame.

    An epoch ends

    * *behind* the address (talker and type) that ended the cycles before, so that it need not wait a second
      for the next one to begin;
    * else *before* a sentence of another time of day, or of an address that it already has. This ends the
      first cycles, and one whose last sentence was damaged. The same address ending two cycles in a row is
      learnt as the last.

    A sentence that comes behind the learnt last one opens an epoch of its own; after two cycles of that it is
    the last. Sentences of other types are checked as well, for what they say about the wire, and not kept.
    """

    def __init__(self) -> None:
        self._lines = Lines(b"$", LONGEST)
        self._epoch: dict[bytes, bytes] = {}
        self._time = b""
        self._last = b""
        self._ended_by = b""

    def feed(self, data: bytes) -> list[Frame | Reject]:
        found: list[Frame | Reject] = []
        for item in self._lines.feed(data):
            if isinstance(item, Reject):
                found.append(item)
            elif not is_sound(item.data):
                found.append(Reject(Reason.CHECKSUM, item.data.decode("latin-1")))
            elif item.data[3:6] in WANTED and item.data[6:7] == b",":
                self._take(found, item.data)
        return found

    def _take(self, found: list[Frame | Reject], sentence: bytes) -> None:
        address = sentence[1:6]
        time = _time_of_day(sentence)
        other_time = time and self._time and time != self._time
        if self._epoch and (other_time or address in self._epoch or len(self._epoch) == MOST_SENTENCES):
            self._learn()
            found.append(self._end())
        self._epoch[address] = sentence
        self._time = self._time or time
        if address == self._last:
            self._ended_by = address
            found.append(self._end())

    def _learn(self) -> None:
        address = next(reversed(self._epoch))
        if address == self._ended_by:
            self._last = address
        self._ended_by = address

    def _end(self) -> Frame:
        frame = Frame(b"\r\n".join(self._epoch.values()) + b"\r\n")
        self._epoch.clear()
        self._time = b""
        return frame


def _time_of_day(sentence: bytes) -> bytes:
    """As sent; empty where the sentence bears none."""
    return sentence[7:-3].partition(b",")[0] if sentence[3:6] in TIMED else b""


class Nmea:
    """A GNSS receiver: each epoch is a Fix.

    The position is RMC's, or GGA's where there is no RMC; speed and course are RMC's, or VTG's; ``utc`` is
    RMC's time and date, or ZDA's. It is an offer: whether it can be true is for the gateway's clock to judge.

    An epoch is refused as a whole where one of its sentences is void or says what cannot be: a receiver whose
    week counter rolled over sends valid checksums and fixes under dates of 1999.
    """

    options: ClassVar[type[BaseModel]] = NoOptions
    claims: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: NoOptions) -> None: ...

    def quantities(self) -> Sequence[str]:
        return ("lat", "lon")

    def splitter(self) -> Epochs:
        return Epochs()

    def decode(self, frame: Frame, at: Instant) -> Sequence[Fix]:
        """The epoch's fix; nothing where it holds neither RMC nor GGA. Raises Reject as the sentences do."""
        sentences: dict[bytes, list[bytes]] = {}
        for line in frame.data.splitlines():
            sentences.setdefault(line[3:6], line[:-3].split(b","))
        minimum = rmc(sentences[b"RMC"]) if b"RMC" in sentences else None
        detail = gga(sentences[b"GGA"]) if b"GGA" in sentences else None
        position = minimum or detail
        if position is None:
            return ()
        motion = minimum.motion if minimum else Motion(None, None)
        if motion.speed is None and b"VTG" in sentences:
            motion = vtg(sentences[b"VTG"])
        utc = minimum.utc if minimum else None
        if utc is None and b"ZDA" in sentences:
            utc = zda(sentences[b"ZDA"])
        fix = Fix(at, position.lat, position.lon, motion.speed, motion.course, utc=utc)
        if detail:
            fix = fix._replace(altitude=detail.altitude, satellites=detail.satellites, hdop=detail.hdop)
        return (fix,)
