"""YAML 1.2's core schema, places, and the refusal of everything that a settings file has no use for."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import Problem, SettingsError
from edge.settings import reader
from edge.settings.reader import Mark, Spot, parse, read

CORE_SCHEMA = [
    ("NO", "NO"),
    ("yes", "yes"),
    ("on", "on"),
    ("off", "off"),
    ("true", True),
    ("FALSE", False),
    ("tRue", "tRue"),
    ("~", None),
    ("null", None),
    ("", None),
    ("nil", "nil"),
    ("0", 0),
    ("-17", -17),
    ("+17", 17),
    ("012", "012"),
    ("00", "00"),
    ("-012", "-012"),
    ("0o17", 15),
    ("0x1F", 31),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("9" * 40, "9" * 40),
    ("3.5", 3.5),
    (".5", 0.5),
    ("5.", 5.0),
    ("1e3", 1000.0),
    ("-.inf", -math.inf),
    ("1.2.3", "1.2.3"),
    ("12:30:45", "12:30:45"),
    ("1:20", "1:20"),
    ("2026-03-01", "2026-03-01"),
    ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
    ("甘N12345", "甘N12345"),
    ("=", "="),
    ("'7'", "7"),
    ('"true"', "true"),
    ("'~'", "~"),
]
"""Plain and quoted scalars (YAML 1.2.2, 10.3.2), with our one exception: a leading 0 stays text."""

REFUSED = [
    ("nothing at all", b"", "empty_file", (1, 1)),
    ("comments alone", b"# to do\n\n", "empty_file", (1, 1)),
    ("Latin-1", "a: 1\nb: é".encode("latin-1"), "not_utf8", (2, 4)),
    ("UTF-16", "a: 1".encode("utf-16"), "not_utf8", (1, 1)),
    ("GB 18030", "a: 1\nname: 东乡".encode("gb18030"), "not_utf8", (2, 7)),
    ("a NUL", b"a: 1\nb: \0", "unprintable", (2, 4)),
    ("a byte order mark inside", "a: 1\nb: x\ufeff".encode(), "unprintable", (2, 5)),
    ("a tab for indentation", b"a:\n\tb: 1\n\tc: 2\n", "tab", (2, 1)),
    ("a tab behind a comment", b"a: 1 #\tx\n", "tab", (1, 7)),
    ("a bracket that stays open", b"a: [1, 2\nb: 3\n", "syntax_open_bracket", (1, 4)),
    ("a brace closed by a bracket", b"a: {b: 1]\n", "syntax_open_bracket", (1, 4)),
    ("a quote that stays open", b"a: 'x\nb: 1\n", "syntax_open_quote", (1, 4)),
    ("a colon in a text", b"a: b: c\n", "syntax_colon", (1, 5)),
    ("a line too far right", b"a: 1\n  b: 2\n", "syntax_colon", (2, 4)),
    ("a line too far left", b"a:\n  b: 1\n c: 2\n", "syntax_indent", (3, 2)),
    ("a word behind a quoted text", b'a: "x" y\n', "syntax_indent", (1, 8)),
    ("a list below a mapping", b"a: 1\n- b\n", "syntax_indent", (2, 1)),
    ("an at sign", b"a: @x\n", "syntax_character", (1, 4)),
    ("a list beside its key", b"a: - b\n", "syntax_dash", (1, 4)),
    ("a line without a key", b"a: 1\nb\n", "syntax_no_colon", (2, 1)),
    ("YAML 3", b"%YAML 3.0\n---\na: 1", "syntax", (1, 1)),
    ("two documents", b"a: 1\n---\nb: 2\n", "several_documents", (2, 1)),
    ("an anchor", b"a: &x 1\n", "anchor", (1, 4)),
    ("an alias", b"a: *x\n", "alias", (1, 4)),
    ("a tag", b"a: !!float 1\n", "tag", (1, 4)),
    ("a merge", b"a:\n  <<: {b: 1}\n", "merge_key", (2, 3)),
    ("a key that is a list", b"? [a]\n: b\n", "key_form", (1, 3)),
    ("a key with an anchor", b"&k a: 1\n", "key_form", (1, 1)),
    ("a key twice", b"a: 1\nb: 2\na: 3\n", "duplicate_key", (3, 1)),
    ("a quoted key twice", b"a: 1\n'a': 3\n", "duplicate_key", (2, 1)),
]

LOADERS = [
    pytest.param(yaml.SafeLoader, id="python"),
    pytest.param(
        getattr(yaml, "CSafeLoader", None),
        id="libyaml",
        marks=pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="PyYAML was built without libyaml"),
    ),
]


def problems_of(raw: bytes) -> list[Problem]:
    """What is wrong, whether it can be checked further or not."""
    try:
        return parse(raw, "f.yaml").problems
    except SettingsError as error:
        return list(error.problems)


@pytest.mark.parametrize(("written", "means"), CORE_SCHEMA)
def test_a_scalar_means_what_yaml_1_2_says(written: str, means: object) -> None:
    data = parse(f"a: {written}\n".encode(), "f.yaml").data
    assert isinstance(data, dict)
    assert data["a"] == means
    assert type(data["a"]) is type(means)


def test_not_a_number_is_one() -> None:
    data = parse(b"a: .nan", "f.yaml").data
    assert isinstance(data, dict)
    assert math.isnan(data["a"])


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("raw", "key", "place"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_a_settings_file_has_no_use_for_is_refused_at_its_place(
    loader: type, raw: bytes, key: str, place: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_Loader", loader)
    problem = problems_of(raw)[0]
    assert (problem.key, (problem.line, problem.column)) == (key, place)


def test_every_value_knows_where_it_and_its_key_stand() -> None:
    document = parse("设备: [1, {单位: '2'}]\nb:\n  c: 012\n".encode(), "f.yaml")
    assert document.data == {"设备": [1, {"单位": "2"}], "b": {"c": "012"}}
    assert document.spots[()] == Spot(Mark(1, 1), Mark(1, 1), None)
    assert document.spots["设备",] == Spot(Mark(1, 1), Mark(1, 5), None)
    assert document.spots["设备", 0] == Spot(Mark(1, 6), Mark(1, 6), "1")
    assert document.spots["设备", 1, "单位"] == Spot(Mark(1, 10), Mark(1, 14), None)
    assert document.spots["b", "c"] == Spot(Mark(3, 3), Mark(3, 6), "012")


def test_keys_are_text() -> None:
    assert parse(b"1: a\ntrue: b\n~: c\n", "f.yaml").data == {"1": "a", "true": "b", "~": "c"}


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake() -> None:
    document = parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f.yaml")
    assert document.data == {"a": 1, "b": 2}
    assert document.spots["b",].key == Mark(2, 1)


def test_several_problems_of_a_file_that_can_be_read_are_told_together() -> None:
    found = parse(b"a: &x 1\nb: *x\nb: 2\nc: !t 3\n", "f.yaml").problems
    assert [(problem.key, problem.line) for problem in found] == [
        ("anchor", 1),
        ("alias", 2),
        ("duplicate_key", 3),
        ("tag", 4),
    ]


def test_the_first_of_two_equal_keys_is_kept_and_its_places_too() -> None:
    document = parse(b"a: {b: 1}\na: {b: [2, 3]}\nc: 4\n", "f.yaml")
    assert document.data == {"a": {"b": 1}, "c": 4}
    assert document.spots["a", "b"].key == Mark(1, 5)
    assert ("a", "b", 1) not in document.spots


@pytest.mark.parametrize(("depth", "holds"), [(32, True), (33, False), (100_000, False)])
def test_nesting_ends_at_32(depth: int, holds: bool) -> None:
    found = problems_of(b"[" * depth + b"]" * depth)
    assert [problem.key for problem in found] == ([] if holds else ["too_deep"])


@pytest.mark.parametrize(("size", "holds"), [(256 * 1024, True), (256 * 1024 + 1, False)])
def test_a_file_ends_at_256_kib(size: int, holds: bool, tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\n#".ljust(size, b"x"))
    if holds:
        assert read(path).data == {"a": 1}
        return
    with pytest.raises(SettingsError) as refused:
        read(path)
    assert [problem.key for problem in refused.value.problems] == ["too_large"]


@pytest.mark.parametrize(
    "raw",
    [
        b"a: 1\n" * 50_000,
        b"[" + b"[]," * 80_000 + b"]",
        b"a: &a [*a]\n" * 20_000,
        b"- - - -\n" * 30_000,
        b"{" * 260_000,
    ],
    ids=["one key", "lists", "anchors", "dashes", "braces"],
)
def test_the_worst_file_of_its_size_is_judged_in_time(raw: bytes) -> None:
    began = time.process_time()
    problems_of(raw[: reader.MAX_BYTES])
    assert time.process_time() - began < 10


def test_a_file_that_is_not_there_is_told_without_a_line(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    with pytest.raises(SettingsError, match="No such file") as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: the file cannot be read")
    assert refused.value.problems[0].line == 0


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="directory"):
        read(tmp_path)


YAML_ISH = st.text(st.sampled_from("ab1 0.:-#[]{},'\"\n\t&*!|>%@`?~<\\éё东\r\x00\x85\u2028"), max_size=80)


@given(
    st.one_of(
        YAML_ISH.map(str.encode), st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_whatever_a_text_says_it_is_read_or_refused(raw: bytes) -> None:
    for problem in problems_of(raw):
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.render("zh").startswith(f"f.yaml:{problem.line}:{problem.column}")


@given(st.binary(max_size=80))
def test_whatever_the_bytes_are_they_are_read_or_refused(raw: bytes) -> None:
    problems_of(raw)
