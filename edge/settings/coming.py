"""The sections of the YAML file that later versions fill: alarms, records, and parts of ports and devices.

Nothing here is validated in this version (see ``later.py``); it describes DESIGN §5 to editors.
"""

from __future__ import annotations

from pydantic import Field

from edge.settings.later import Coming
from edge.settings.secret import Secret
from edge.settings.values import Text


class Http(Coming):
    """A platform that takes blocks by HTTP POST. · HTTP 平台"""

    url: Text = Field(description="Of the platform. · 地址")
    token: Secret | None = Field(None, description="Bearer token. · 令牌")


class ComingOptions(Coming):
    """The keys of drivers that later versions bring. · 后续版本驱动的参数"""

    channel: int | None = Field(None, description="Antenna or input of the unit. · 通道号")
    address: Text | None = Field(None, description="Bluetooth address. · 蓝牙地址")
    key: Secret | None = Field(None, description="Key of an encrypted advertisement. · 解密密钥")
