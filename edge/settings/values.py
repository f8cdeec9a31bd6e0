"""The single values of the YAML file that have a form of their own: names, codes, paths, addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema


class Part(BaseModel):
    """A mapping of the YAML file: its keys and no others, each value of the very type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )


def one_of(*keys: str) -> ConfigDict:
    """For a mapping that must have exactly one of these keys, so that editors know it too."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in keys]})


def any_of(*keys: str) -> ConfigDict:
    """For a mapping that must have one of these keys at least, so that editors know it too."""
    return ConfigDict(json_schema_extra={"anyOf": [{"required": [key]} for key in keys]})


@dataclass(frozen=True, slots=True)
class Form:
    """Text that matches ``pattern`` as a whole; ``key`` names the sentence that says so."""

    key: str
    pattern: str

    def hold(self, text: str) -> str:
        """The text itself. Raises PydanticCustomError."""
        if re.fullmatch(self.pattern, text, re.ASCII) is None:
            raise PydanticCustomError(self.key, "another form")
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.hold, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of an entry of another section, ``kind`` being that entry's word: ``port``, ``place``.

    Looked up in the validation context ``{"names": {kind: names}}``; not looked up where there is none.
    """

    kind: str

    def exists(self, name: str, info: ValidationInfo) -> str:
        """The name itself. Raises PydanticCustomError."""
        known: Sequence[str] | None = (info.context or {}).get("names", {}).get(self.kind)
        if known is not None and name not in known:
            raise PydanticCustomError(f"unknown_{self.kind}", "unknown", {"name": name, "known": list(known)})
        return name

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_after_validator_function(self.exists, handler(source))


NAME = Form("name", "[a-z0-9][a-z0-9-]{0,62}")
"""Of a gateway, and of every port, place, device and uplink (DESIGN §5)."""

Name = Annotated[str, NAME]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Quantity = Annotated[str, Form("quantity", "[a-z][a-z0-9_]*")]
Division = Annotated[str, Form("division", "[0-9]{6}")]
"""County of GB/T 2260."""

TopicRoot = Annotated[str, Form("topic_root", r"[^/+#$\s][^/+#\s]{0,63}")]
"""One level of an MQTT topic."""


def _check_digit(gln: str) -> str:
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(gln[:-1]))
    right = -weighted % 10
    if int(gln[-1]) != right:
        raise PydanticCustomError("gln_check", "check digit", {"right": gln[:-1] + str(right)})
    return gln


Gln = Annotated[str, Form("gln", "[0-9]{13}"), AfterValidator(_check_digit)]
"""GS1 location number; the last digit is checked (mod 10, weights 1 and 3 from the left of 13)."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    return value


def _zone(value: object) -> ZoneInfo:
    name = _text(value)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = sorted(available_timezones())
        raise PydanticCustomError("unknown_timezone", "unknown", {"name": name, "known": known}) from None


Zone = Annotated[ZoneInfo, BeforeValidator(_zone), WithJsonSchema({"type": "string"})]


def _day(value: object) -> date:
    text = value if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) else ""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date", "no date") from None


Day = Annotated[date, BeforeValidator(_day)]


def _absolute(value: object) -> Path:
    text = _text(value)
    if not text.startswith("/") or "\0" in text:
        raise PydanticCustomError("absolute_path", "not absolute")
    return Path(text)


AbsolutePath = Annotated[
    Path, BeforeValidator(_absolute), WithJsonSchema({"type": "string", "pattern": "^/"})
]


class HostPort(NamedTuple):
    """A TCP endpoint; the host as a name, an IPv4 or an IPv6 address without brackets."""

    host: str
    port: int


_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_HOST_PORT = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


def host_port(text: str, default_port: int = 0) -> HostPort:
    """The endpoint that ``host``, ``host:port`` or ``[v6]:port`` names. Raises ValueError."""
    match = _HOST_PORT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    host = match["host"] or str(IPv6Address(match["v6"]))
    if match["host"]:
        if _HOST.fullmatch(host) is None or len(host) > 253:
            raise ValueError(text)
        if host.rpartition(".")[2].isdigit():
            IPv4Address(host)
    port = int(match["port"] or default_port)
    if not 1 <= port <= 65535:
        raise ValueError(text)
    return HostPort(host, port)


def _endpoint(value: object) -> HostPort:
    try:
        return host_port(value if isinstance(value, str) else "")
    except (ValueError, AddressValueError):
        raise PydanticCustomError("host_port", "no endpoint") from None


Endpoint = Annotated[
    HostPort, BeforeValidator(_endpoint), WithJsonSchema({"type": "string", "pattern": "^.+:[0-9]{1,5}$"})
]

MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}
"""Of a broker whose URL gives none (IANA)."""


def broker_endpoint(url: str) -> HostPort:
    """Where a ``BrokerUrl`` leads."""
    scheme, _, rest = url.partition("://")
    return host_port(rest, MQTT_PORTS[scheme])


def _broker(url: str) -> str:
    if "@" in url:
        raise PydanticCustomError("url_credentials", "credentials in the URL")
    if url.partition("://")[0] not in MQTT_PORTS:
        raise PydanticCustomError("url_scheme", "another scheme")
    try:
        broker_endpoint(url)
    except (ValueError, AddressValueError):
        raise PydanticCustomError("url_host", "no host") from None
    return url


BrokerUrl = Annotated[
    str, AfterValidator(_broker), WithJsonSchema({"type": "string", "pattern": "^mqtts?://[^/@]+$"})
]

HTTP_PORTS = {"http": 80, "https": 443}


def _store(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if "@" in url:
        raise PydanticCustomError("url_credentials", "credentials in the URL")
    try:
        host_port(rest.removesuffix("/"), HTTP_PORTS[scheme])
    except (KeyError, ValueError, AddressValueError):
        raise PydanticCustomError("url_store", "no store") from None
    return url


StoreUrl = Annotated[
    str, AfterValidator(_store), WithJsonSchema({"type": "string", "pattern": "^https?://[^/@]+/?$"})
]
