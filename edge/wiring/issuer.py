"""Who writes the records."""

from __future__ import annotations

from edge.recorders.issuer import Issuer
from edge.settings import Settings


def issuer(settings: Settings) -> Issuer:
    """As every record of the trade names it."""
    gateway = settings.gateway
    return Issuer(gateway.id, gateway.operator.name, gateway.site.name, gateway.timezone)
