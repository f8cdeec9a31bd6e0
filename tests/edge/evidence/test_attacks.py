"""Nine attacks on evidence, each named by ``verify``, given the public key and at most one witnessed seal."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from edge.evidence import chain, seals
from edge.evidence.seals import read_seal
from edge.evidence.verification import Break, Kind
from edge.evidence.verify import CAPTURE, EXPORT, export
from edge.journal.block import Lane
from tests.edge.evidence.evidence_rig import (
    KEY,
    OTHER_KEY,
    Box,
    blocks_of,
    check_lines,
    checked,
    exported,
    kinds,
    newest_seal,
    the_break,
    write,
)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    box = Box(tmp_path)
    box.written()
    return box


@pytest.fixture
def lines(box: Box) -> list[bytes]:
    return exported(box.path, box.folder / "export.jsonl")


def test_what_nobody_touched_holds(box: Box, lines: list[bytes]) -> None:
    verdict = checked(box.path)
    assert verdict.holds
    assert [(lane.lane, lane.start, lane.head, lane.proven) for lane in verdict.lanes] == [
        (Lane.RECORDS, 0, 4, 4),
        (Lane.TELEMETRY, 0, 12, 12),
    ]
    assert check_lines(box.folder, lines).holds


def test_nothing_at_all_does_not_hold(tmp_path: Path) -> None:
    assert not check_lines(tmp_path, []).holds


def test_every_bit_of_an_export_of_twelve_blocks_is_guarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "signed", cache(seals.signed))
    box = Box(tmp_path)
    box.written(telemetry=12, records=0)
    lines = [line for line in export(box.path) if b'"lane":"telemetry"' in line]
    whole = write(tmp_path / "export.jsonl", lines).read_bytes()
    assert len(lines) == 14
    flipped = tmp_path / "flipped.jsonl"
    for bit in range(8 * len(whole)):
        at, mask = bit // 8, 1 << bit % 8
        flipped.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
        assert not checked(flipped, rules=EXPORT).holds, f"bit {bit}: {whole[max(0, at - 20) : at + 20]!r}"


# 1: edit


def test_an_edited_block_is_named(box: Box, lines: list[bytes]) -> None:
    with box.tampering() as file:
        file.execute(
            "UPDATE blocks SET body = CAST(replace(CAST(body AS TEXT), '3.4', '2.4') AS BLOB) WHERE key = ?",
            (box.key_of(Lane.TELEMETRY, 7),),
        )
    assert the_break(checked(box.path)) == Break(Kind.CHANGED, 7, 7)


def test_an_edited_block_whose_hashes_were_made_anew_is_found_at_the_next_seal(box: Box) -> None:
    with box.tampering() as file:
        rows = file.execute(
            "SELECT key, body, hash FROM blocks WHERE key > ?", (box.key_of(Lane.TELEMETRY, 6),)
        )
        link = file.execute(
            "SELECT hash FROM blocks WHERE key = ?", (box.key_of(Lane.TELEMETRY, 6),)
        ).fetchone()[0]
        for key, body, _ in rows.fetchall():
            edited = body.replace(b"3.4", b"2.4")
            link = chain.link(link, edited)
            file.execute("UPDATE blocks SET body = ?, hash = ? WHERE key = ?", (edited, link, key))
    found = the_break(checked(box.path))
    assert found.kind is Kind.CHANGED
    assert found.first <= 7 <= found.last


def test_an_edited_line_is_named(box: Box, lines: list[bytes]) -> None:
    at = lines.index(blocks_of(lines, Lane.TELEMETRY)[6])
    lines[at] = lines[at].replace(b"3.4", b"2.4")
    found = the_break(check_lines(box.folder, lines))
    assert found.kind is Kind.CHANGED
    assert found.first <= 7 <= found.last


# 2: delete


def test_a_deleted_block_is_named(box: Box, lines: list[bytes]) -> None:
    lines.remove(blocks_of(lines, Lane.TELEMETRY)[6])
    assert the_break(check_lines(box.folder, lines)) == Break(Kind.MISSING, 7, 7)
    with box.tampering() as file:
        file.execute("DELETE FROM blocks WHERE key = ?", (box.key_of(Lane.TELEMETRY, 7),))
    assert the_break(checked(box.path)) == Break(Kind.MISSING, 7, 7)


def test_a_deleted_prefix_that_retention_did_not_sign_is_named(box: Box) -> None:
    """Not even up to a genuine seal: that one says that nothing had been pruned."""
    with box.tampering() as file:
        file.execute("DELETE FROM seals WHERE key < ?", (box.key_of(Lane.TELEMETRY, 2),))
        upto = file.execute(
            "SELECT min(key) FROM seals WHERE key > ?", (box.key_of(Lane.TELEMETRY, 0),)
        ).fetchone()[0]
        file.execute("DELETE FROM blocks WHERE key BETWEEN ? AND ?", (box.key_of(Lane.TELEMETRY, 0), upto))
        file.execute(
            "UPDATE lanes SET pruned_seq = ? WHERE number = 2", (upto - box.key_of(Lane.TELEMETRY, 0),)
        )
    assert Kind.MISSING in kinds(checked(box.path))


# 3: insert


def test_an_inserted_block_is_named(box: Box, lines: list[bytes]) -> None:
    block = blocks_of(lines, Lane.TELEMETRY)[6]
    lines.insert(lines.index(block) + 1, block.replace(b"3.4", b"2.4"))
    assert the_break(check_lines(box.folder, lines)) == Break(Kind.INSERTED, 7, 7)


def test_a_block_appended_after_the_last_seal_is_named(box: Box, lines: list[bytes]) -> None:
    lines.append(blocks_of(lines, Lane.TELEMETRY)[-1].replace(b'"seq":12', b'"seq":13'))
    assert the_break(check_lines(box.folder, lines)) == Break(Kind.UNSEALED, 13, 13)


# 4: swap


def test_swapped_blocks_are_named(box: Box, lines: list[bytes]) -> None:
    seven, eight = (lines.index(block) for block in blocks_of(lines, Lane.TELEMETRY)[6:8])
    lines[seven], lines[eight] = lines[eight], lines[seven]
    assert the_break(check_lines(box.folder, lines)) == Break(Kind.REORDERED, 7, 8)
    with box.tampering() as file:
        one, other = box.key_of(Lane.TELEMETRY, 7), box.key_of(Lane.TELEMETRY, 9)
        rows = dict(file.execute("SELECT key, body FROM blocks WHERE key IN (?, ?)", (one, other)).fetchall())
        file.execute("UPDATE blocks SET body = ? WHERE key = ?", (rows[other], one))
        file.execute("UPDATE blocks SET body = ? WHERE key = ?", (rows[one], other))
    assert the_break(checked(box.path)) == Break(Kind.REORDERED, 7, 9)


# 5: cut the tail


def test_a_cut_tail_is_named_where_its_seal_is_still_there(box: Box, lines: list[bytes]) -> None:
    for block in blocks_of(lines, Lane.TELEMETRY)[9:]:
        lines.remove(block)
    assert the_break(check_lines(box.folder, lines)) == Break(Kind.CUT, 10, 12)
    with box.tampering() as file:
        file.execute("DELETE FROM blocks WHERE key > ?", (box.key_of(Lane.TELEMETRY, 9),))
    assert the_break(checked(box.path)) == Break(Kind.CUT, 10, 12)


def test_a_tail_cut_with_its_seals_is_named_given_a_witnessed_seal(box: Box) -> None:
    witnessed = newest_seal(box.path, Lane.TELEMETRY)
    with box.tampering() as file:
        file.execute("DELETE FROM blocks WHERE key > ?", (box.key_of(Lane.TELEMETRY, 10),))
        file.execute("DELETE FROM seals WHERE key > ?", (box.key_of(Lane.TELEMETRY, 10),))
    assert the_break(checked(box.path, witnessed=[witnessed])) == Break(Kind.CUT, 11, 12)


# 6: replay


def test_a_replayed_block_is_named(box: Box, lines: list[bytes]) -> None:
    lines.append(blocks_of(lines, Lane.TELEMETRY)[2])
    assert the_break(check_lines(box.folder, lines)) == Break(Kind.REPLAYED, 3, 3)
    with box.tampering() as file:
        file.execute(
            "UPDATE blocks SET body = (SELECT body FROM blocks WHERE key = ?) WHERE key = ?",
            (box.key_of(Lane.TELEMETRY, 3), box.key_of(Lane.TELEMETRY, 7)),
        )
    assert the_break(checked(box.path)) == Break(Kind.REPLAYED, 7, 7)


# 7: roll back


def test_a_rolled_back_journal_is_named_given_a_witnessed_seal(box: Box) -> None:
    old = shutil.copy(box.path, box.folder / "old.db")
    with box.writing() as writer:
        box.telemetry(writer, 5)
    witnessed = newest_seal(box.path, Lane.TELEMETRY)
    assert checked(box.path, witnessed=[witnessed]).holds
    shutil.copy(old, box.path)
    assert checked(box.path).holds, "in itself it is whole"
    assert the_break(checked(box.path, witnessed=[witnessed])) == Break(Kind.ROLLED_BACK, 13, 17)
    with box.writing() as writer:
        box.telemetry(writer, 9)
    assert the_break(checked(box.path, witnessed=[witnessed])) == Break(Kind.ROLLED_BACK, 17, 17)


# 8: sign again with another key


def test_another_keys_seals_are_named(box: Box, tmp_path: Path) -> None:
    (tmp_path / "forger").mkdir()
    forged = Box(tmp_path / "forger", key=OTHER_KEY)
    forged.written()
    assert kinds(checked(forged.path)) == {Kind.FOREIGN_KEY}
    lines = exported(forged.path, tmp_path / "export.jsonl")
    assert kinds(check_lines(tmp_path, lines)) == {Kind.FOREIGN_KEY}
    renamed = [line.replace(OTHER_KEY.public.encode(), KEY.public.encode()) for line in lines]
    assert kinds(check_lines(tmp_path, renamed)) == {Kind.FORGED}


# 9: splice two journals


def test_two_journals_spliced_are_named(box: Box, lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Box(tmp_path / "other", step_s=19)
    other.written()
    theirs = blocks_of(exported(other.path, tmp_path / "other.jsonl"), Lane.TELEMETRY)
    ours = blocks_of(lines, Lane.TELEMETRY)
    for mine, their in zip(ours[6:], theirs[6:], strict=True):
        lines[lines.index(mine)] = their
    assert kinds(check_lines(box.folder, lines)) == {Kind.CUT, Kind.UNSEALED}
    disguised = [line.replace(chain_name(theirs[0]), chain_name(ours[0])) for line in lines]
    assert the_break(check_lines(box.folder, disguised)).kind is Kind.CHANGED


def chain_name(block: bytes) -> bytes:
    claim = chain.claim(block)
    assert claim is not None
    return claim.journal.encode()


# a captured stream


def test_a_captured_stream_may_repeat_itself_and_begin_anywhere(box: Box, lines: list[bytes]) -> None:
    capture = box.folder / "capture.jsonl"
    blocks = blocks_of(lines, Lane.TELEMETRY)
    write(capture, [*lines, *blocks[3:6]])
    assert checked(capture, rules=CAPTURE).holds
    seal = newest_seal(box.path, Lane.TELEMETRY)
    with box.writing() as writer:
        box.telemetry(writer, 5)
    later = blocks_of(exported(box.path, box.folder / "later.jsonl"), Lane.TELEMETRY)
    last = newest_seal(box.path, Lane.TELEMETRY)
    write(capture, [*later[9:15], seal.payload, *later[14:], last.payload])
    (found,) = checked(capture, rules=CAPTURE).lanes
    assert (found.broken, found.start, found.head, found.proven) == (None, 12, 17, 17)
    write(capture, [seal.payload, *later[12:14], *later[15:], last.payload])
    assert the_break(checked(capture, rules=CAPTURE)) == Break(Kind.MISSING, 15, 15)


def test_a_second_different_copy_in_a_captured_stream_is_named(box: Box, lines: list[bytes]) -> None:
    capture = box.folder / "capture.jsonl"
    write(capture, [*lines, blocks_of(lines, Lane.TELEMETRY)[4].replace(b"3.4", b"2.4")])
    assert the_break(checked(capture, rules=CAPTURE)) == Break(Kind.INSERTED, 5, 5)


def test_a_seal_of_a_lane_that_is_gone_is_named(box: Box, lines: list[bytes]) -> None:
    seal = newest_seal(box.path, Lane.RECORDS)
    left = [line for line in lines if b'"records"' not in line]
    assert the_break(check_lines(box.folder, left, [seal])) == Break(Kind.MISSING, 1, 4)


def test_a_seal_reads_back_only_as_it_is_written(lines: list[bytes]) -> None:
    seal = read_seal(lines[0])
    assert seal.holds
    for spelt in (
        lines[0].replace(b":", b": ", 1),
        lines[0].upper(),
        lines[0] + b" ",
        b"{}",
        b"[]",
        b"1",
        b"",
    ):
        with pytest.raises(ValueError):
            read_seal(spelt)
