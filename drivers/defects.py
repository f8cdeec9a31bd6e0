"""The rim around what is pure: a defect of ours is refused as a damaged frame is, and harms one device."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from drivers.contract import Reason, Reject, TagtrailError


class _Refusing:
    """Stateless: around every frame, a generator would cost more than many a decoder."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, TagtrailError):
            raise Reject(Reason.DEFECT, f"{type(error).__name__}: {error}") from error


_REFUSING: Final = _Refusing()


def refused() -> AbstractContextManager[None]:
    """What nobody foresaw becomes a Reject of reason ``defect``, whose cause is what was raised."""
    return _REFUSING
