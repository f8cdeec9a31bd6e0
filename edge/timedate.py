"""Whether the system clock is synchronised, as systemd-timedated says: for where adjtimex(2) is forbidden.

Our unit forbids it, since whoever may read the kernel's clock discipline may also set it. timedated asks the
kernel for us, whichever of chrony, timesyncd and ntpd keeps the clock; how far it may be off it does not say.
"""

from __future__ import annotations

import logging
import math
import subprocess
import threading
import time
from typing import Final

log = logging.getLogger(__name__)

ASK_EVERY_S: Final = 16.0
ANSWER_S: Final = 10.0

_QUESTION: Final = ("timedatectl", "show", "--property=NTPSynchronized", "--value")


class TimeDate:
    """Asks aside, when the last answer has grown old; nobody waits for the next."""

    def __init__(self) -> None:
        self._synchronised = False
        self._asked_s = -math.inf
        self._warned = False

    def synchronised(self) -> bool:
        """As of the last answer; false until there is one."""
        if time.monotonic() - self._asked_s >= ASK_EVERY_S:
            self._asked_s = time.monotonic()
            threading.Thread(target=self._ask, name="timedate", daemon=True).start()
        return self._synchronised

    def _ask(self) -> None:
        try:
            said = subprocess.run(  # noqa: S603 - a constant
                _QUESTION, capture_output=True, check=True, text=True, timeout=ANSWER_S
            )
        except (OSError, subprocess.SubprocessError) as error:
            self._synchronised = False
            log.log(
                logging.DEBUG if self._warned else logging.WARNING,
                "whether the system clock is synchronised cannot be learnt (%s): is dbus installed?"
                " Where the clock is right by other means, write clock: {trust: system}",
                error,
            )
            self._warned = True
        else:
            self._synchronised = said.stdout.strip() == "yes"
