"""Markdown as the device pages need it: tables, and docstrings turned from reStructuredText."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def page(*parts: str) -> str:
    """Headings, paragraphs, tables and code blocks, a blank line between them; the empty ones left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, without the columns that have nothing to say."""
    told = [number for number in range(len(head)) if any(row[number] for row in rows)]
    lines = [[head[number] for number in told], ["---"] * len(told)]
    lines += [[row[number] for number in told] for row in rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: object) -> str:
    """As it is written in a file."""
    return f"`{text}`"


def from_docstring(doc: str) -> str:
    """Paragraphs and lists as they are; what stands indented behind ``::`` in a code block of its own."""
    return "\n".join(_lines(doc.strip().splitlines())).rstrip("\n")


def _lines(lines: Sequence[str]) -> Iterator[str]:
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not line.endswith("::"):
            yield line.replace("``", "`")
            continue
        drawn = list(_deeper(lines[number:], _indent(line)))
        number += len(drawn)
        if line.strip() != "::":
            yield line[:-1].replace("``", "`")
            yield ""
        yield from ("```text", *_flush(drawn), "```", "")


def _deeper(lines: Sequence[str], indent: int) -> Iterator[str]:
    """The lines up to the next that stands no deeper; blank ones between belong to them."""
    for line in lines:
        if line and _indent(line) <= indent:
            return
        yield line


def _flush(drawn: Sequence[str]) -> list[str]:
    """Without the blank lines around it and the indentation that all share."""
    first = next(number for number, line in enumerate(drawn) if line)
    last = max(number for number, line in enumerate(drawn) if line)
    margin = min(_indent(line) for line in drawn if line)
    return [line[margin:] for line in drawn[first : last + 1]]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
