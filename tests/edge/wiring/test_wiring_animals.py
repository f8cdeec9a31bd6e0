"""From the settings to the recorders of the trade."""

from __future__ import annotations

from pathlib import Path

from drivers.catalogue import DRIVERS
from drivers.contract import NANOSECONDS, Code, Sighting
from edge.journal.past import Past
from edge.journal.store import Journal
from edge.journal.trail import Index, Link
from edge.recorders.slaughter import Slaughter
from edge.recorders.slaughter_plan import Probe, Room, Weigh
from edge.recording import Recording
from edge.settings import load
from edge.wiring import recorders
from edge.wiring.animals import arrivals, slaughters
from tests.edge.journal.journal_rig import START, Box

WHOLE = load(Path(__file__).parents[2] / "configs" / "good" / "whole.yaml", DRIVERS)


def test_the_recorders_are_told_in_the_order_of_the_trade() -> None:
    assert [each.name for each in recorders(WHOLE, DRIVERS)][:2] == ["arrival", "slaughter.sheep"]


def test_a_line_is_what_the_settings_say() -> None:
    [line] = slaughters(WHOLE, arrivals(WHOLE))
    plan = line.plan
    assert [(each.reader, each.step, each.place) for each in plan.stations] == [
        ("ear-tags", "stunned", "stunning"),
        ("bind-hook", "bound", "binding"),
        ("hook-scale", "weighed", None),
        ("hook-core", "cored", None),
        ("hook-door", "left", "body"),
    ]
    second = NANOSECONDS
    bound = plan.binds
    assert bound is not None
    assert (bound.lag, bound.positions) == ((20 * second, 60 * second), 1)
    assert (plan.reused_after, plan.halves) == (3 * 3600 * second, 5 * second)
    assert plan.core == Probe("chiller-1-core", 80 * second, 0.3, 12 * second)
    assert plan.weigh == Weigh("rail-scale", 40 * second, (60 * second, 120 * second), 5)
    assert plan.rooms == [Room("chiller-1", ["chiller-1-air"], ["dock-air"], 4.0)]
    assert (plan.hangs_in, plan.chilled_at) == ("chiller-1", 6.5)


def test_a_line_without_a_limit_of_its_own_has_that_of_its_species() -> None:
    line = WHOLE.records.slaughter["sheep"]
    assert line.model_copy(update={"chilled_at": None}).limit == 7.0
    assert line.model_copy(update={"chilled_at": None, "species": "poultry"}).limit == 4.0


async def test_a_tag_that_became_a_carcass_in_an_earlier_year_is_known_from_the_journal(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path)
    tag = "cn-eartag:362292600000123"
    async with box.journal() as journal:
        slaughtered(journal, tag)
        await journal.flush()
        past = Past(box.path)
        assert past.slaughtered(tag)
        assert not past.slaughtered("cn-eartag:362292600000124")


def slaughtered(journal: Journal, tag: str) -> None:
    index = Index("r1", 1, START, START, links=(Link(tag, "became", "carcass:1", START),))
    journal.record("slaughter", START, b"{}", index)


def test_a_journal_that_cannot_be_read_knows_of_no_slaughter(tmp_path: Path) -> None:
    assert not Past(tmp_path / "none.db").slaughtered("cn-eartag:362292600000123")


async def test_an_animal_that_passes_the_plant_is_in_the_journals_trail(tmp_path: Path) -> None:
    """With the recorders of the settings, and a real journal below them."""
    box = Box(tmp_path)
    settings = WHOLE.model_copy(update={"journal": WHOLE.journal.model_copy(update={"path": box.path})})
    tag, hook = "362292600000123", "E2001" + "0" * 19
    async with box.journal() as journal:
        recording = Recording(recorders(settings, DRIVERS), journal=journal, notice=lambda _: None)
        journal.remember(recording)
        recording.observe("lairage-tags", [Sighting(START, Code("cn-eartag", tag))])
        recording.observe("ear-tags", [Sighting(START, Code("cn-eartag", tag))])
        box.wait(30)
        recording.observe("bind-hook", [Sighting(box.now(), Code("epc-uhf", hook))])
        await journal.flush()
        assert recording.failures == {}
        assert Past(box.path).slaughtered(f"cn-eartag:{tag}")
        line = next(each for each in recording.recorders if isinstance(each, Slaughter))
        assert [carcass.animal for carcass in line.carcasses] == [f"cn-eartag:{tag}"]
