"""The signing key: made once for its owner alone, shown, handed over, refused where it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.contract import Instant
from edge import gateway
from edge.errors import JournalError, SettingsError
from edge.evidence.holding import handed_over, handovers, key_file, rotate, signing_key
from edge.evidence.keys import SigningKey
from edge.settings import Settings

NOW = Instant(1_795_317_247_000_000_000)


def settings_of(folder: Path, **changes: Any) -> Settings:
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "journal": {"path": str(folder / "journal.db")},
        **changes,
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return gateway.load(path)


def test_a_key_is_made_once_beside_the_journal_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    made = signing_key(settings)
    path = tmp_path / "journal.db.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert signing_key(settings).public == made.public
    assert made.public not in path.read_text()


def test_showing_the_key_makes_none(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"journal.db.key: the signing key cannot be read .*first start"):
        signing_key(settings_of(tmp_path), make=False)


def test_a_key_comes_from_a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    key = SigningKey.generate()
    (tmp_path / "sealing-key").write_bytes(key.pem)
    settings = settings_of(tmp_path, evidence={"key": {"credential": "sealing-key"}})
    assert signing_key(settings).public == key.public
    assert key_file(settings) is None
    with pytest.raises(JournalError, match="not rotated here"):
        rotate(settings, NOW)
    assert handovers(settings) == []
    (tmp_path / "sealing-key").write_text("hunter2")
    with pytest.raises(SettingsError, match="is no signing key") as refused:
        signing_key(settings)
    assert "hunter2" not in str(refused.value)


def test_a_file_named_in_the_settings_is_made_there(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, evidence={"key": {"file": str(tmp_path / "seal.pem")}})
    assert signing_key(settings).public == SigningKey.of_pem((tmp_path / "seal.pem").read_text()).public


@pytest.mark.parametrize(
    "text", ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.db.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(JournalError, match="is no signing key"):
        signing_key(settings_of(tmp_path))
    assert path.read_text() == text


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    signing_key(settings)
    (tmp_path / "journal.db.key").chmod(0o644)
    with pytest.raises(JournalError, match="chmod 600"):
        signing_key(settings)


def test_rotations_are_followed_step_by_step(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    first = signing_key(settings).public
    assert handed_over(settings, first, first) == []
    steps = [rotate(settings, NOW), rotate(settings, NOW)]
    last = signing_key(settings).public
    assert handovers(settings) == steps
    assert [step.old for step in steps] == [first, steps[0].new]
    assert steps[1].new == last
    assert handed_over(settings, first, last) == [step._asdict() for step in steps]
    assert handed_over(settings, last, first) == [None], "never back"
    assert (tmp_path / "journal.db.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "journal.db.key.new").exists()


def test_a_line_that_does_not_hold_is_no_handover(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    signing_key(settings)
    whole = rotate(settings, NOW)
    file = tmp_path / "journal.db.key.handovers"
    file.write_bytes(b"\xff\n{}\n[]\n" + file.read_bytes() + file.read_bytes().replace(b"2026", b"2027"))
    assert handovers(settings) == [whole]
