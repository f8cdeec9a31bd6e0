"""The rim around what is pure: a defect of ours is refused as a damaged frame is, and harms one device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.contract import Reason, Reject, TagtrailError


@contextmanager
def refused() -> Iterator[None]:
    """What nobody foresaw becomes a Reject of reason ``defect``, whose cause is what was raised."""
    try:
        yield
    except TagtrailError:
        raise
    except Exception as defect:
        raise Reject(Reason.DEFECT, f"{type(defect).__name__}: {defect}") from defect
