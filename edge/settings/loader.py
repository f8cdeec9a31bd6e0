"""From a settings file to ``Settings``, or to everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from drivers.contract import Driver
from edge.errors import SettingsError
from edge.settings import checks, checks_transport, goods, guarding, points, stable_names
from edge.settings.alarms import Alarm
from edge.settings.devices import COMMON_KEYS, DeviceSettings, Place, Port
from edge.settings.findings import Fault, Findings
from edge.settings.later import COMING_DRIVERS
from edge.settings.measures import within
from edge.settings.profiles import Profiles, profiles_for
from edge.settings.reader import Document, Keys, read
from edge.settings.records import fitting
from edge.settings.schema import Settings
from edge.settings.secret import kept
from edge.settings.uplinks import Uplink
from edge.settings.values import NAME
from edge.settings.wording import closest, known_at, shown, unknown

M = TypeVar("M", bound=BaseModel)


def load(path: Path, drivers: Mapping[str, Driver]) -> Settings:
    """Reads and checks a settings file; ``drivers`` by the names it may use.

    Raises SettingsError, whose ``problems`` are all that is wrong.
    """
    return _Draft(read(path), drivers, profiles_for(path)).settings()


class _Draft:
    """A file on its way: each entry is held against its model by itself, then all against each other."""

    def __init__(self, document: Document, drivers: Mapping[str, Driver], profiles: Profiles) -> None:
        self._document = document
        self._root = document.data if isinstance(document.data, dict) else {}
        self._drivers = drivers
        self._profiles = profiles
        self._findings = Findings(document)
        names = {
            "port": self._meant("ports"),
            "place": self._meant("places"),
            "device": self._meant("devices"),
        }
        self._context = {"names": names, "profiles": profiles, "secret": kept, "duration": within}

    def settings(self) -> Settings:
        uplinks = self._entries("uplinks", Uplink)
        ports = self._entries("ports", Port)
        places = self._entries("places", Place)
        devices = self._section("devices", self._device)
        alarms = self._entries("alarms", Alarm)
        held = {"uplinks": uplinks, "ports": ports, "places": places, "devices": devices, "alarms": alarms}
        settings = self._hold(Settings, self._whole(held), ())
        for fault in (
            *checks.same_wires(ports, self._line),
            *checks.same_brokers(uplinks, self._line),
            *checks.circles(places),
            *checks.sharing(devices, ports, self._drivers, self._line),
            *checks.quantities(devices, self._drivers),
            *checks.thinning(devices, self._drivers),
            *points.alarms(alarms, devices, self._meant("devices"), self._drivers),
            *(goods.storage(settings, self._drivers, self._line) if settings is not None else ()),
            *(goods.dispatch(settings, self._drivers) if settings is not None else ()),
        ):
            self._findings.tell(fault)
        for fault in checks_transport.routes(settings, self._drivers) if settings is not None else ():
            self._findings.tell(fault)
        if settings is not None:
            self._records_fit(settings, devices)
            for fault in guarding.exposed(settings):
                self._findings.tell(fault)
        self._findings.scan()
        self._findings.add(self._profiles.problems)
        if settings is None or self._findings.problems():
            raise SettingsError(problems=self._findings.problems())
        doubts = chain(stable_names.counted(ports), guarding.unguarded_commands(uplinks))
        return settings.warned(self._findings.placed(fault) for fault in doubts)

    def _records_fit(self, settings: Settings, devices: Mapping[str, DeviceSettings]) -> None:
        measures = fitting.measured(devices, self._drivers)
        records = settings.records
        for fault in (
            *fitting.arrivals(records.arrival, devices, measures),
            *fitting.slaughters(records.slaughter, devices, measures),
        ):
            self._findings.tell(fault)

    def _names(self, section: str) -> list[str]:
        entries = self._root.get(section)
        return list(entries) if isinstance(entries, dict) else []

    def _meant(self, section: str) -> list[str]:
        """The names that others may refer to, even where the section's own key is misspelt."""
        return self._names(section if section in self._root else closest(section, self._root) or section)

    def _line(self, keys: Keys) -> int:
        return self._document.spots[keys].key.line

    def _whole(self, held: Mapping[str, object]) -> object:
        """The file with the entries that hold in the place of what was written, and without the others."""
        if not isinstance(self._document.data, dict):
            return self._document.data
        return self._root | {
            section: entries for section, entries in held.items() if isinstance(self._root.get(section), dict)
        }

    def _entries(self, section: str, model: type[M]) -> dict[str, M]:
        return self._section(section, lambda data, keys: self._hold(model, data, keys))

    def _section(self, section: str, hold: Callable[[object, Keys], M | None]) -> dict[str, M]:
        """The entries of a section that hold, by name."""
        held: dict[str, M] = {}
        for name in self._names(section):
            keys = (section, name)
            if re.fullmatch(NAME.pattern, name, re.ASCII) is None:
                self._findings.tell(Fault(keys, NAME.key, {"value": shown(name)}, at_key=True))
            entry = hold(self._root[section][name], keys)
            if entry is not None:
                held[name] = entry
        return held

    def _device(self, data: object, keys: Keys) -> DeviceSettings | None:
        if not isinstance(data, dict):
            return self._hold(DeviceSettings, data, keys)
        common = {key: value for key, value in data.items() if key in COMMON_KEYS}
        device = self._hold(DeviceSettings, common, keys)
        driver = self._driver(data.get("driver"), (*keys, "driver"))
        if driver is None:
            return None
        options = self._options(driver, {key: data[key] for key in data if key not in COMMON_KEYS}, keys)
        if device is None or options is None:
            return None
        return device.model_copy(update={"options": options})

    def _driver(self, name: object, keys: Keys) -> Driver | None:
        if not isinstance(name, str) or name in self._drivers:
            return self._drivers.get(name) if isinstance(name, str) else None
        if name in COMING_DRIVERS:
            self._findings.tell(Fault(keys, "later_driver", {"name": name}))
        else:
            self._findings.tell(Fault(keys, *unknown("unknown_driver", name, self._drivers)))
        return None

    def _options(self, driver: Driver, data: Mapping[str, object], keys: Keys) -> BaseModel | None:
        model = driver.decoder.options
        own = known_at(model, ())
        strange = [key for key in data if key not in own]
        for key in strange:
            fault = unknown("unknown_key", key, sorted({*own, *COMMON_KEYS}))
            self._findings.tell(Fault((*keys, key), *fault, at_key=True))
        return self._hold(model, {key: data[key] for key in data if key in own}, keys)

    def _hold(self, model: type[M], data: object, keys: Keys) -> M | None:
        try:
            return model.model_validate(data, context=self._context)
        except ValidationError as error:
            self._findings.refuse(error, model, keys)
        except SettingsError as error:  # a profile's own file
            self._findings.add(error.problems)
        return None
