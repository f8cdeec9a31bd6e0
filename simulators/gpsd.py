"""gpsd with a receiver in a truck, for one client at a time.

JSON objects, one a line; the client's requests begin with ``?`` and end with ``;`` or the line::

                                        {"class":"VERSION",…}          to each that connects
    ?WATCH={"enable":true,"json":true}
                                        {"class":"DEVICES",…}
                                        {"class":"WATCH","enable":true,…}
                                        {"class":"SKY",…}              from now on, of each epoch
                                        {"class":"TPV",…}

Source: gpsd_json(5), and what gpsd 3.22 says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from simulators.clock import stamp
from simulators.device import World
from simulators.faults import Fault, Sending, spoil
from simulators.nmea import Epoch
from simulators.options import Options
from simulators.receiver import Receiver

RECEIVER = "/dev/ttyACM0"
SYSTEMS = ("GP", "BD")
GNSS_IDS = {"GP": 0, "BD": 3}

NO_FIX, FIX_OF_THREE = 1, 3
"""Modes of TPV."""

VERSION = {"class": "VERSION", "release": "3.22", "rev": "3.22", "proto_major": 3, "proto_minor": 14}
LONGEST_REQUEST = 1024

_END = re.compile(rb"[;\r\n]+")
_WATCH = re.compile(rb"\?WATCH=(\{.*\})", re.DOTALL)


def line(report: Mapping[str, object]) -> bytes:
    """As gpsd writes it: without blanks, ended by CR LF."""
    return json.dumps(report, separators=(",", ":")).encode() + b"\r\n"


def tpv(epoch: Epoch) -> bytes:
    """Time, position, velocity; without a fix the mode alone."""
    report: dict[str, object] = {"class": "TPV", "device": RECEIVER, "mode": NO_FIX}
    if epoch.valid:
        report |= {
            "mode": FIX_OF_THREE,
            "time": stamp(epoch.utc),
            "lat": round(epoch.lat, 9),
            "lon": round(epoch.lon, 9),
            "altMSL": round(epoch.altitude, 4),
            "track": round(epoch.course, 4),
            "speed": round(epoch.speed, 3),
        }
    return line(report)


def sky(epoch: Epoch) -> bytes:
    """The satellites in view; all of them are used, where there is a fix."""
    satellites = [
        {
            "PRN": one.number,
            "el": float(one.elevation),
            "az": float(one.azimuth),
            "ss": float(one.signal),
            "used": epoch.valid,
            "gnssid": GNSS_IDS[one.system],
        }
        for one in epoch.satellites
    ]
    counts = {"nSat": len(satellites), "uSat": len(satellites) if epoch.valid else 0}
    dilution = {"hdop": 0.9} if epoch.valid else {}
    return line({"class": "SKY", "device": RECEIVER, **dilution, **counts, "satellites": satellites})


def devices() -> dict[str, object]:
    """The one receiver."""
    receiver = {"class": "DEVICE", "path": RECEIVER, "driver": "u-blox", "activated": stamp()}
    return {"class": "DEVICES", "devices": [receiver]}


class Gpsd(Receiver):
    """Options, beside those of ``Receiver``: ``tcp`` (the port's number; else any free one)."""

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world, SYSTEMS, tcp=options.one("tcp", int, 0))
        self._watched = False
        self._heard = b""
        options.done()

    def said(self, epoch: Epoch, with_sky: bool) -> Sequence[tuple[str, bytes]]:
        if not self._watched:
            return []
        return [*([("SKY", sky(epoch))] if with_sky else []), ("TPV", tpv(epoch))]

    def spoken(self, message: bytes, faults: Mapping[str, Fault]) -> Sending:
        """A line amid noise is lost, and the end of a line saves the next."""
        sending = spoil(message, faults, {}, self.rng, resyncs=False)
        return sending._replace(pieces=(*sending.pieces, (0.0, b"\r\n"))) if "noise" in faults else sending

    def met(self) -> None:
        self._watched, self._heard = False, b""
        self.wire.write(line(VERSION))

    def heard(self, data: bytes) -> None:
        *requests, self._heard = _END.split(self._heard + data)
        self._heard = self._heard[:LONGEST_REQUEST]
        for request in filter(None, requests):
            for report in self._answer(request):
                self.wire.write(line(report))

    def _answer(self, request: bytes) -> Sequence[Mapping[str, object]]:
        watch = _WATCH.fullmatch(request)
        if request == b"?VERSION":
            return [VERSION]
        if request == b"?DEVICES":
            return [devices()]
        try:
            asked = json.loads(watch[1]) if watch else None
        except ValueError:
            asked = None
        if asked is None:
            text = request.decode("latin-1")
            return [{"class": "ERROR", "message": f"Unrecognized request '{text}'"}]
        self._watched = bool(asked.get("enable", True) and asked.get("json", False))
        return [devices(), {"class": "WATCH", "enable": self._watched, "json": self._watched}]
