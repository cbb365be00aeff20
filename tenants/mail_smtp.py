"""Speaks to a mail server for so long and no longer, be it that it answers letter by letter."""

import smtplib
import socket
from contextlib import suppress
from threading import Timer
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

# For all that is said about one mail. Each wait by itself has EMAIL_TIMEOUT.
CONNECTION_SECONDS = 60.0


class Backend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SecureConnection if self.use_ssl else _Connection


class _Connection(smtplib.SMTP):
    _connected: socket.socket | None = None
    _deadline: Timer

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        made = super()._get_socket(host, port, timeout)  # type: ignore[misc] # not in the stubs
        # A socket of its own, as TLS takes the other one over.
        self._connected = made.dup()
        self._deadline = Timer(CONNECTION_SECONDS, _cut, [self._connected])
        self._deadline.daemon = True
        self._deadline.start()
        return made

    def close(self) -> None:
        super().close()
        if self._connected is not None:
            self._deadline.cancel()
            self._connected.close()


class _SecureConnection(smtplib.SMTP_SSL, _Connection):
    """Asks the above for its socket before it speaks TLS on it."""


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
    connected.close()
