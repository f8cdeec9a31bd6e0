"""The YAML file: its schema, and the loader that points at file:line:column."""

from edge.settings.devices import Adjust, DeviceSettings, Place, Port, Thin
from edge.settings.loader import load
from edge.settings.records import Slaughter
from edge.settings.schema import Gateway, Journal, Settings
from edge.settings.secret import Secret
from edge.settings.uplinks import Mqtt, Uplink

__all__ = [
    "Adjust",
    "DeviceSettings",
    "Gateway",
    "Journal",
    "Mqtt",
    "Place",
    "Port",
    "Secret",
    "Settings",
    "Slaughter",
    "Thin",
    "Uplink",
    "load",
]
