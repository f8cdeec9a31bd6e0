"""All that settings ask for, made before anything is changed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from drivers.contract import Driver
from edge.delivering import FarSide, far_sides
from edge.devices import Intaken
from edge.own_records import OwnRecords
from edge.recorders.contract import Recorder
from edge.recorders.holds import Holds
from edge.settings import Settings
from edge.wiring import Hung, hanging, holds, instruments, intaken, recorders


class Wanted(NamedTuple):
    """All that settings ask for, their secrets read; nothing is opened yet."""

    settings: Settings
    hung: Mapping[str, Hung]
    far: Mapping[str, FarSide]
    devices: Sequence[Intaken]
    derived: Sequence[Recorder]
    held: Holds

    @classmethod
    def by(cls, settings: Settings, drivers: Mapping[str, Driver]) -> Wanted:
        """Raises SettingsError."""
        derived = recorders(settings, drivers)
        return cls(
            settings,
            hanging(settings, drivers),
            far_sides(settings),
            intaken(settings, drivers),
            derived,
            holds(settings, drivers, derived),
        )

    def recorders(self, own: OwnRecords, lasting: Sequence[Recorder]) -> list[Recorder]:
        """In the order in which they are told. lasting: those that no settings change."""
        return [*self.derived, self.held, *lasting, instruments(self.settings, own.standing)]
