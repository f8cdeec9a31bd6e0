"""The ports, what reads them, and how each fares.

::

    settings ──hung──▶ Ports ──source, supervised──▶ intake
                         └── a link that fails, or opens again ──▶ alarms

Where the settings change, a port whose devices alone differ goes on if its source can take them as it runs;
any other that differs is begun anew, and what is as it was is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from drivers.contract import Emit, NobodyAnswers, Now, Rehung, Source
from edge import wiring
from edge.alarms import Alarms, Cause
from edge.running import Running
from edge.supervisor import PATIENCE_S, Health, supervise
from edge.wiring import Hung

TIMEOUTS: Final = 3
"""Of a port, that a turn of its source may take besides: waiting for silence, asking, guarding."""


class Ports:
    """sources, health: by port; the mappings stay the same objects. patience_s: a source that has not turned
    for so long, and what its port may take besides, hangs."""

    def __init__(
        self,
        hung: Mapping[str, Hung],
        emit: Emit,
        *,
        alarms: Alarms,
        now: Now,
        running: Running,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.sources: dict[str, Source] = {}
        self.health: dict[str, Health] = {}
        self._hung: dict[str, Hung] = {}
        self._emit = emit
        self._alarms = alarms
        self._now = now
        self._running = running
        self._patience_s = patience_s
        for name, each in hung.items():
            self._take(name, each)

    def secrets(self, hung: Mapping[str, Hung]) -> Iterator[str]:
        """The devices whose source is told something else than before: also where a secret alone differs."""
        said = {name: each for former in self._hung.values() for name, each in former.said.items()}
        now = {name: each for new in hung.values() for name, each in new.said.items()}
        return (name for name in said.keys() & now.keys() if said[name] != now[name])

    def begin(self) -> None:
        """Reads them all."""
        for name in self._hung:
            self._begin(name)

    async def end(self, hung: Mapping[str, Hung]) -> None:
        """Those that cannot go on as they are when ``hung`` is what there will be."""
        await self._running.end(_task(name) for name in self._hung if not self._goes_on(name, hung.get(name)))

    def change(self, hung: Mapping[str, Hung]) -> None:
        """From now on these; ``end`` has come before."""
        for name in self._hung.keys() - hung.keys():
            del self._hung[name], self.sources[name], self.health[name]
        for name, each in hung.items():
            if not self._goes_on(name, each):
                self._take(name, each)
                self._begin(name)
                continue
            former = self._hung[name]
            self._hung[name] = each.after(former)
            source = self.sources[name]
            if former.said != each.said and isinstance(source, Rehung):
                source.hang(self._hung[name].devices)

    def _goes_on(self, name: str, hung: Hung | None) -> bool:
        former = self._hung.get(name)
        if hung is None or former is None or not hung.is_port_of(former):
            return False
        return hung.said == former.said or isinstance(self.sources[name], Rehung)

    def _take(self, name: str, hung: Hung) -> None:
        self._hung[name] = hung
        self.sources[name] = wiring.source(hung, self._now, partial(self._opened, name))
        self.health.setdefault(name, Health(_task(name)))

    def _begin(self, name: str) -> None:
        source = self.sources[name]
        work = supervise(
            self.health[name],
            partial(source.run, self._emit),
            failed=partial(self._failed, name),
            recovered=partial(self._recovered, name),
            turns=partial(getattr, source, "turns"),
            patience_s=self._patience_s + TIMEOUTS * self._hung[name].port.timeout_s,
        )
        self._running.begin(_task(name), work)

    def _opened(self, port: str) -> None:
        self._alarms.cleared(Cause.PORT_DOWN, port)

    def _recovered(self, port: str) -> None:
        """A radio is no link that opens: it has been listening for a while."""
        if self._hung[port].port.kind == "bluetooth":
            self._opened(port)

    def _failed(self, port: str, failure: Exception) -> None:
        """From now until it opens again nothing is heard on this port, tags that pass included."""
        if not isinstance(failure, NobodyAnswers):  # then it is its devices that are silent
            self._alarms.raised(Cause.PORT_DOWN, port, str(failure))


def _task(port: str) -> str:
    return f"port {port}"
