"""What a file that was read again differs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import DRIVERS
from edge.reload import AT_START, Difference, difference, in_force, refusals
from edge.settings import Settings, load

WHOLE = Path(__file__).parents[1] / "configs" / "good" / "whole.yaml"


def changed(folder: Path, *replaced: tuple[str, str]) -> Settings:
    text = WHOLE.read_text()
    for what, by in replaced:
        assert what in text, what
        text = text.replace(what, by)
    file = folder / "site.yaml"
    file.write_text(text)
    return load(file, DRIVERS)


@pytest.fixture
def whole() -> Settings:
    return load(WHOLE, DRIVERS)


def test_the_same_file_differs_in_nothing(whole: Settings, tmp_path: Path) -> None:
    assert difference(whole, changed(tmp_path)) == Difference((), (), (), ())
    assert difference(whole, changed(tmp_path)).facts() == {}


def test_each_entry_is_told_by_its_name(whole: Settings) -> None:
    devices = dict(whole.devices)
    gone, first = devices.popitem()[0], next(iter(devices))
    devices[first] = devices[first].model_copy(update={"repeat_s": 77.0})
    devices["another"] = devices[first]
    found = difference(whole, whole.model_copy(update={"devices": devices}))
    assert found == Difference(("devices.another",), (f"devices.{gone}",), (f"devices.{first}",))


def test_kinds_of_records_are_told_apart(whole: Settings) -> None:
    fewer = whole.records.model_copy(update={"slaughter": {}, "transport": None})
    found = difference(whole, whole.model_copy(update={"records": fewer}))
    assert "records.slaughter.sheep" in found.removed
    assert {path.rpartition(".")[0] for path in found.removed} == {"records.slaughter", "records.transport"}


def test_another_secret_is_a_change_of_what_stays(whole: Settings) -> None:
    uplink = next(iter(whole.uplinks))
    secrets = [f"uplinks.{uplink}", "uplinks.gone"]
    assert difference(whole, whole, secrets) == Difference((), (), (f"uplinks.{uplink}",))


def test_what_is_read_once_is_in_force_as_it_was(whole: Settings, tmp_path: Path) -> None:
    journal = whole.journal.model_copy(update={"commit_every_s": 7.0})
    new = whole.model_copy(update={"journal": journal, "alarms": {}})
    assert difference(whole, new).waiting == ("journal",)
    now = in_force(whole, new)
    assert now.alarms == {}
    for section in AT_START:
        assert getattr(now, section) == getattr(whole, section)


def test_the_gateway_and_its_journal_stay_who_they_are(whole: Settings) -> None:
    gateway = whole.gateway.model_copy(update={"id": "another"})
    journal = whole.journal.model_copy(update={"path": Path("/elsewhere/journal.db")})
    new = whole.model_copy(update={"gateway": gateway, "journal": journal})
    found = refusals(whole, new, WHOLE)
    assert [problem.path for problem in found] == ["gateway.id", "journal.path"]
    assert "/elsewhere/journal.db" in found[1].render("zh")
    assert refusals(whole, whole, WHOLE) == []
