"""The edge's own errors; the devices' are in ``drivers/contract.py`` (DESIGN §10)."""

from __future__ import annotations

from drivers.contract import TagtrailError


class SettingsError(TagtrailError):
    """The YAML file does not hold. Exit code 2, no restart."""


class JournalError(TagtrailError):
    """The journal cannot be opened or written; the message says what to do."""


class UplinkDown(TagtrailError):  # noqa: N818 - the word of DESIGN §10
    """The far side cannot be reached or refused us; back off, the journal grows."""
