"""A TLS server that keeps what it could read: nothing, where the far side was right not to trust it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType

SILENCE_S = 10.0


class TlsServer:
    """context: None for a server that knows no TLS; what it then answers is ``greeting``."""

    def __init__(self, context: ssl.SSLContext | None, greeting: bytes = b"") -> None:
        self.read = bytearray()
        """What was written to it, decrypted."""
        self.visits = 0
        self._context = context
        self._greeting = greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> TlsServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            visitor.settimeout(SILENCE_S)
            with visitor, contextlib.suppress(OSError):
                self._hear(visitor)

    def _hear(self, visitor: socket.socket) -> None:
        if self._context is None:
            self.read += visitor.recv(4096)
            visitor.sendall(self._greeting)
            return
        with self._context.wrap_socket(visitor, server_side=True, do_handshake_on_connect=False) as private:
            try:
                private.do_handshake()
            except ssl.SSLError:
                _hear_out(private)
                return
            while heard := private.recv(4096):
                self.read += heard


def _hear_out(private: ssl.SSLSocket) -> None:
    """Closing on what is unread resets the connection, and that may overtake the alert."""
    with socket.socket(fileno=private.detach()) as bare:
        bare.settimeout(SILENCE_S)
        bare.shutdown(socket.SHUT_WR)
        while bare.recv(4096):
            pass


def server_tls(cert: Path, key: Path, clients: Path | None = None) -> ssl.SSLContext:
    """clients: the authority of theirs, where certificates are asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context
