"""Where secrets are kept, and what is said when one cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import SettingsError
from edge.settings import Secret


def test_a_credential_is_a_file_of_the_services_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "mqtt-password").write_text("hunter2\n", encoding="utf-8")
    secret = Secret(credential="mqtt-password")
    assert secret.reveal() == "hunter2"
    assert secret.path() == tmp_path / "mqtt-password"


def test_a_credential_out_of_the_units_folder_of_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "tagtrail_mqtt-password").write_text("hunter2\n", encoding="utf-8")
    assert Secret(credential="mqtt-password").reveal() == "hunter2"


def test_a_file_is_read_without_the_end_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b" hunter 2 \r\n")
    secret = Secret.model_validate({"file": str(path)})
    assert secret.reveal() == " hunter 2 "
    assert secret.path() == path


def test_a_variable_has_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", "hunter2")
    secret = Secret(env="MQTT_PASSWORD")
    assert secret.reveal() == "hunter2"
    assert secret.path() is None


def test_a_service_without_credentials_is_told_how_it_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SettingsError, match="LoadCredential=mqtt-password:/PATH"):
        Secret(credential="mqtt-password").reveal()


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MQTT_PASSWORD", raising=False)
    with pytest.raises(SettingsError, match="MQTT_PASSWORD is not set"):
        Secret(env="MQTT_PASSWORD").reveal()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"key cannot be read \(No such file"):
        Secret.model_validate({"file": str(tmp_path / "key")}).reveal()


def test_a_file_that_is_no_text_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xffhunter2")
    with pytest.raises(SettingsError, match="not text in UTF-8") as refused:
        Secret.model_validate({"file": str(tmp_path / "key")}).reveal()
    assert "hunter2" not in str(refused.value)


def test_the_sentence_says_where_the_secret_should_be() -> None:
    assert str(Secret(env="A")) == "{env: A}"
