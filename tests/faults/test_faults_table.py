"""What `make faults` prints, and with what it ends."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from tests.faults.__main__ import PARTS, main
from tests.faults.table import Budget, Row


class Raining(ModuleType):
    """A part that tries one fault; a share of it does it less often."""

    TITLE = "rain"

    def __init__(self, holds: bool) -> None:
        super().__init__("raining")
        self.holds = holds

    def run(self, budget: Budget) -> list[Row]:
        return [Row("drizzle", budget.of(1000), {"lost": 0 if self.holds else 7}, self.holds)]


@pytest.mark.parametrize(("holds", "code", "verdict"), [(True, 0, "holds"), (False, 1, "broken")])
def test_a_broken_promise_ends_with_1(
    holds: bool, code: int, verdict: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "raining", Raining(holds))
    monkeypatch.setitem(PARTS, "rain", "raining")
    assert main(["rain", "--share", "0.5", "--seed", "1"]) == code
    told = capsys.readouterr().out
    assert "500" in told
    assert verdict in told


def test_a_part_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["hail"])
    assert ended.value.code == 2
    assert "hail" in capsys.readouterr().err
