"""TLS with a far side: what is asked of it, and which of the ways to fail it was.

All of it comes before the first byte of MQTT: who cannot be trusted learns neither name nor password.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from drivers.contract import NANOSECONDS
from edge.clock import WRITTEN
from edge.errors import UplinkDown
from edge.messages import sentence

_BY_CERTIFICATE: Final[Mapping[int, str]] = {
    9: "tls.not_yet_valid",
    10: "tls.expired",
    18: "tls.self_signed",
    19: "tls.foreign",
    20: "tls.foreign",
    21: "tls.foreign",
    62: "tls.other_host",
    64: "tls.other_host",
}
"""OpenSSL's verdicts (X509_V_ERR_*, x509_vfy.h) on the certificate of the far side."""

_BY_REASON: Final[Mapping[str, str]] = {
    "UNSUPPORTED_PROTOCOL": "tls.too_old",
    "TLSV1_ALERT_PROTOCOL_VERSION": "tls.too_old",
    "WRONG_VERSION_NUMBER": "tls.no_tls",
    "HTTP_REQUEST": "tls.no_tls",
    "PACKET_LENGTH_TOO_LONG": "tls.no_tls",
    "RECORD_LAYER_FAILURE": "tls.no_tls",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "tls.ours_missing",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "tls.turned_down",
    "SSLV3_ALERT_BAD_CERTIFICATE": "tls.ours_refused",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "tls.ours_refused",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "tls.ours_refused",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "tls.ours_refused",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "tls.ours_refused",
    "TLSV1_ALERT_ACCESS_DENIED": "tls.ours_refused",
    "TLSV1_ALERT_UNKNOWN_CA": "tls.ours_refused",
}
"""OpenSSL's names for what went wrong, mostly alerts that the far side sent (RFC 8446, 6)."""

_DATED: Final = frozenset({"tls.not_yet_valid", "tls.expired"})
_PASSING: Final = frozenset({"tls.broken_off", "tls.ended", "tls.failed"})
"""These may mend themselves: the far side may just have been started."""
_SET_THE_CLOCK: Final = {"key": "tls.set_the_clock"}


class NoTrustError(UplinkDown):
    """There is no TLS with the far side. text, values: the sentence, in the catalogue ``tls``."""

    def __init__(self, text: str, values: Mapping[str, object]) -> None:
        self.text = text
        self.values = values
        super().__init__(sentence("en", text, values))

    @property
    def is_dated(self) -> bool:
        """Whether the certificate's dates are what is wrong, so that it may be our clock."""
        return self.text in _DATED

    @property
    def lasts(self) -> bool:
        """Whether a person must mend it; a wrong clock has an alarm of its own."""
        return self.text not in _PASSING and self.values.get("advice") != _SET_THE_CLOCK

    def by_a_doubtful_clock(self) -> NoTrustError:
        """The same where the time is not known here."""
        return NoTrustError(self.text, {**self.values, "advice": _SET_THE_CLOCK})


def told(error: Exception) -> dict[str, object] | None:
    """What `status` says in the reader's language; None: there is only the English of the error itself."""
    return {"text": error.text, "values": error.values} if isinstance(error, NoTrustError) else None


def tls_context(ca: Path | None, cert: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, the far side's certificate and name checked; ours shown where it asks for one.

    Reads files: not for the event loop. Raises NoTrustError.
    """
    for path in (ca, cert, key):
        _expect_readable(path)
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise NoTrustError("tls.no_certificates", {"path": str(ca)}) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert is not None and key is not None:
        _show_ours(context, cert, key)
    return context


def _expect_readable(path: Path | None) -> None:
    """Raises NoTrustError; OpenSSL would not say which file it was."""
    try:
        if path is not None:
            path.open("rb").close()
    except OSError as error:
        raise NoTrustError("tls.unreadable", {"path": str(path), "why": error.strerror}) from error


def _show_ours(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    try:
        context.load_cert_chain(cert, key, password="")  # without one OpenSSL asks at the terminal
    except ssl.SSLError as error:
        unlike = error.reason == "KEY_VALUES_MISMATCH"
        text = "tls.key_of_another" if unlike else "tls.no_certificate_and_key"
        raise NoTrustError(text, {"cert": str(cert), "private": str(key)}) from None


def failed(
    error: ssl.SSLError | ConnectionResetError, server: str, wall_ns: int | None = None
) -> NoTrustError:
    """Which way of failing this is. wall_ns: the machine's clock, by which OpenSSL judges dates."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(error, server, time.time_ns() if wall_ns is None else wall_ns)
    if isinstance(error, ssl.SSLEOFError | ConnectionResetError):
        return NoTrustError("tls.broken_off", {"server": server})
    text = _BY_REASON.get(error.reason or "", "tls.failed")
    return NoTrustError(text, {"server": server, "why": error.reason or str(error)})


def beneath(error: BaseException) -> ssl.SSLError | None:
    """The failure of TLS that a library has wrapped into ``error``."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def expect_trusted(error: Exception | None, server: str) -> None:
    """Under TLS 1.3 the far side says only after our last word whether it trusts us. Raises NoTrustError."""
    if isinstance(error, ssl.SSLError):
        raise failed(error, server)
    if isinstance(error, ConnectionResetError):  # which may overtake the word
        raise NoTrustError("tls.ended", {"server": server})


def _unverified(error: ssl.SSLCertVerificationError, server: str, wall_ns: int) -> NoTrustError:
    text = _BY_CERTIFICATE.get(error.verify_code, "tls.untrusted")
    values: dict[str, object] = {"server": server, "why": error.verify_message}
    if text not in _DATED:
        return NoTrustError(text, values)
    now = datetime.fromtimestamp(wall_ns / NANOSECONDS, UTC)
    values |= {"now": f"{now:%Y-%m-%d %H:%M} UTC", "advice": {"key": f"{text}_advice"}}
    dated = NoTrustError(text, values)
    return dated.by_a_doubtful_clock() if wall_ns < WRITTEN else dated
