"""Files that hold, files with many mistakes at once, and what a site's own profiles may do."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from drivers.catalogue import DRIVERS
from edge.errors import Problem, SettingsError
from edge.messages import LANGS, Lang
from edge.settings import Settings, load
from edge.settings.profiles import Profiles

CONFIGS = Path(__file__).parents[2] / "configs"
EXAMPLES = Path(str(files("config"))) / "examples"

SMALLEST = """
gateway: {id: dx, operator: {name: 伊东}, site: {name: 东乡}}
journal: {path: /var/lib/tagtrail/journal.db}
"""


def problems_of(path: Path) -> list[Problem]:
    with pytest.raises(SettingsError) as refused:
        load(path, DRIVERS)
    return list(refused.value.problems)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's folder with a settings file of one probe, whose profile is the site's own."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "tagtrail.yaml").write_text(
        f"{SMALLEST}ports: {{p: {{tcp: 'panel:502'}}}}\n"
        "devices: {a: {driver: modbus, port: p, unit: 1, profile: own}}\n",
        encoding="utf-8",
    )
    return tmp_path


def write_profile(folder: Path, name: str, quantity: str = "temperature") -> None:
    (folder / "profiles" / f"{name}.yaml").write_text(
        f"documented_as: vendor manual, p. 4\npoints: {{{quantity}: {{address: 1, type: s16}}}}\n",
        encoding="utf-8",
    )


def test_the_whole_file_means_what_it_says() -> None:
    settings = load(CONFIGS / "good" / "whole.yaml", DRIVERS)

    assert settings.gateway.id == "dx-yidong-01"
    assert settings.gateway.operator.licence == "91622926MA00000004"
    assert settings.gateway.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.clock.trust == "system"
    assert settings.journal.commit_every_s == 2.0
    assert settings.journal.max_size_bytes == 4 * 2**30
    assert settings.journal.keep.records_s == 5 * 365 * 86_400
    assert settings.journal.keep.telemetry_s == 30 * 86_400

    platform, second, trend = settings.uplinks.values()
    assert trend.influxdb is not None
    assert (trend.influxdb.url, trend.influxdb.bucket) == ("https://trend.local:8086", "cold")
    assert str(trend.influxdb.token) == "{credential: influx-token}"
    assert (platform.start, platform.catch_up_bytes_per_s) == ("now", 200_000)
    assert platform.mqtt is not None
    assert (platform.mqtt.host, platform.mqtt.port, platform.mqtt.tls) == ("broker.example", 8884, True)
    assert (platform.mqtt.version, platform.mqtt.root, platform.mqtt.keepalive_s) == ("3.1.1", "meat", 45.0)
    assert second.mqtt is not None
    assert (second.mqtt.host, second.mqtt.port, second.mqtt.tls) == ("10.0.0.7", 1883, False)

    probes, panel = settings.ports["probes"], settings.ports["panel"]
    assert (probes.kind, probes.serial, probes.tcp) == ("serial", Path("/dev/serial/by-id/probes"), None)
    assert (probes.baud, probes.parity, probes.data_bits, probes.stop_bits) == (19200, "even", 7, 1)
    assert probes.timeout_s == pytest.approx(0.4)
    assert (panel.kind, panel.serial, panel.tcp) == ("tcp", None, ("192.168.1.50", 502))
    remote = settings.ports["remote"]
    assert [(port.framing, port.baud) for port in (panel, remote)] == [(None, 9600), ("rtu", 38400)]

    place = settings.places["lanzhou"]
    assert place.at is not None
    assert (place.at.lat, place.at.lon, place.at.radius_m) == (36.0611, 103.8343, 250.0)
    assert settings.places["body"].within == "truck"

    air = settings.devices["chiller-1-air"]
    assert (air.driver, air.port, air.place, air.name) == ("modbus", "panel", "chiller-1", "排酸间空气")
    assert (air.every_s, air.repeat_s) == (10.0, 30.0)
    assert air.adjust["temperature"].offset == -0.3
    assert air.instrument is not None
    assert air.instrument.due == date(2027, 3, 1)
    decoder = DRIVERS["modbus"].decoder(air.options)
    assert decoder.quantities() == ("temperature",)
    humidity = settings.devices["body-air"].adjust["humidity"]
    assert (humidity.offset, humidity.points) == (0.0, [(10.9, 11.3), (75.0, 75.3)])
    for name, meant in (("chiller-1-core", (0.1, None, None, 120.0)), ("position", (None, 50.0, 20.0, 60.0))):
        thin = settings.devices[name].thin
        assert thin is not None
        assert (thin.change, thin.distance_m, thin.turn_deg, thin.at_least_s) == meant
    assert settings.devices["ear-tags"].repeat_s == 20.0
    assert settings.devices["ear-tags"].every_s is None


def test_the_smallest_file_takes_the_documented_defaults() -> None:
    settings = load(CONFIGS / "good" / "smallest.yaml", DRIVERS)
    assert (settings.gateway.operator.name, settings.gateway.site.name) == ("NO", "on")
    assert settings.gateway.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.clock.trust is None
    assert (settings.journal.commit_every_s, settings.journal.max_size_bytes) == (1.0, 8_000_000_000)
    assert settings.journal.keep.records_s == 3 * 365 * 86_400
    assert settings.journal.keep.telemetry_s == 90 * 86_400
    assert [settings.uplinks, settings.ports, settings.places, settings.devices] == [{}, {}, {}, {}]


@pytest.mark.parametrize("name", ["slaughterhouse", "truck", "coldstore", "devices"])
def test_an_example_holds(name: str) -> None:
    settings = load(EXAMPLES / f"{name}.yaml", DRIVERS)
    assert list(settings.uplinks) == ["platform"]
    assert {device.port for device in settings.devices.values()} == set(settings.ports)
    used = {device.place for device in settings.devices.values()} | {
        place.within for place in settings.places.values()
    }
    used |= {arrival.place for arrival in settings.records.arrival.values()}
    assert {name for name, place in settings.places.items() if place.at is None} <= used


def test_every_driver_stands_in_an_example() -> None:
    examples = [load(path, DRIVERS) for path in sorted(EXAMPLES.glob("*.yaml"))]
    assert {device.driver for each in examples for device in each.devices.values()} == set(DRIVERS)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["several"])
def test_everything_wrong_with_a_file_is_said_at_once(
    name: str, lang: Lang, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CONFIGS / "bad")
    said = [problem.render(lang) for problem in problems_of(Path(f"{name}.yaml"))]
    assert said == Path(f"{name}.{lang}.txt").read_text(encoding="utf-8").splitlines()


def test_the_error_itself_says_everything() -> None:
    with pytest.raises(SettingsError) as refused:
        load(CONFIGS / "bad" / "several.yaml", DRIVERS)
    assert str(refused.value).splitlines() == [problem.render("en") for problem in refused.value.problems]


def test_no_secret_is_ever_repeated() -> None:
    for problem in problems_of(CONFIGS / "bad" / "several.yaml"):
        assert "hunter2" not in problem.render("en") + problem.render("zh") + repr(problem)


def test_a_site_has_its_own_profiles(site: Path) -> None:
    write_profile(site, "own")
    assert isinstance(load(site / "tagtrail.yaml", DRIVERS), Settings)


def test_a_profile_of_the_package_cannot_be_replaced_in_silence(site: Path) -> None:
    write_profile(site, "own")
    write_profile(site, "xy-md02")
    [problem] = problems_of(site / "tagtrail.yaml")
    assert problem.file == str(site / "profiles" / "xy-md02.yaml")
    assert "a profile xy-md02 is already in" in problem.sentence("en")


def test_a_profile_that_is_no_yaml_is_named_with_its_own_line(site: Path) -> None:
    (site / "profiles" / "own.yaml").write_text("points:\n\tx: 1\n", encoding="utf-8")
    [problem] = problems_of(site / "tagtrail.yaml")
    assert (problem.file, problem.line, problem.key) == (str(site / "profiles" / "own.yaml"), 2, "tab")


def test_a_profile_with_a_key_twice_is_refused(site: Path) -> None:
    (site / "profiles" / "own.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")
    [problem] = problems_of(site / "tagtrail.yaml")
    assert (problem.line, problem.key) == (2, "duplicate_key")


def test_a_profile_that_is_a_list_is_refused(site: Path) -> None:
    (site / "profiles" / "own.yaml").write_text("- 1\n", encoding="utf-8")
    [problem] = problems_of(site / "tagtrail.yaml")
    assert (problem.file, problem.key) == (str(site / "profiles" / "own.yaml"), "mapping")


def test_a_profile_that_does_not_hold_is_named_where_it_is_used(site: Path) -> None:
    write_profile(site, "own", quantity="TEMP")
    [problem] = problems_of(site / "tagtrail.yaml")
    assert (problem.path, problem.key) == ("devices.a.profile", "broken_profile")


def test_a_profile_may_not_measure_what_has_no_unit(site: Path) -> None:
    write_profile(site, "own", quantity="temperatur")
    found = {problem.key: problem for problem in problems_of(site / "tagtrail.yaml")}
    assert "did you mean temperature?" in found["unknown_unit_near"].sentence("en")


def test_profiles_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [1", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("[", encoding="utf-8")
    profiles = Profiles(tmp_path, tmp_path / "absent")
    assert (list(profiles), len(profiles), "broken" in profiles) == (["broken"], 1, True)
    assert profiles.get("absent") is None
    with pytest.raises(SettingsError, match="a bracket opened here"):
        profiles["broken"]


def test_one_folder_reached_by_two_ways_holds_nothing_twice(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_profile(site, "own")
    monkeypatch.chdir(site)
    profiles = Profiles(Path("profiles"), site / "profiles")
    assert (list(profiles), profiles.problems) == (["own"], [])


def test_a_folder_of_profiles_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", locked)
    profiles = Profiles(tmp_path)
    assert list(profiles) == []
    assert [problem.key for problem in profiles.problems] == ["profiles_unreadable"]


@pytest.mark.parametrize("text", ["42", "just a text", "[a, b]"])
def test_a_file_that_is_no_mapping_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "tagtrail.yaml"
    path.write_text(text, encoding="utf-8")
    [problem] = problems_of(path)
    assert (problem.line, problem.column, problem.key) == (1, 1, "mapping")
