"""What the verbs print for people; facts in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge.errors import Problem, SettingsError
from edge.evidence.verification import LaneFound
from edge.evidence.verify import Verdict
from edge.facts import FACTS
from edge.messages import Lang, text, word
from edge.quantities import QUANTITIES
from edge.settings.wording import known_at

_KEYS_OF_NO_QUANTITY = {"t", "device", "raw", "quality", "again"}


def problems(error: SettingsError, lang: Lang) -> str:
    """One problem a line: ``file:line:column path: what is wrong, what would be right``."""
    return "\n".join(problem.render(lang) for problem in error.problems)


def warnings(found: Iterable[Problem], lang: Lang) -> str:
    """One warning a line, likewise, and marked as one."""
    return "\n".join(f"{each.place}: {text(lang, 'cli.warning')}: {each.sentence(lang)}" for each in found)


def problem_facts(found: Iterable[Problem], lang: Lang) -> list[dict[str, Any]]:
    """Problems or warnings, for programs."""
    return [
        {
            "file": str(problem.file),
            "line": problem.line,
            "column": problem.column,
            "path": problem.path,
            "problem": problem.key,
            "sentence": problem.render(lang),
        }
        for problem in found
    ]


def verdict(found: Verdict, lang: Lang) -> str:
    """A line for each lane, and what stands beside it."""
    lines = [line for lane in found.lanes for line in _lane_found(lane, lang)]
    if found.malformed is not None:
        lines.append(text(lang, "cli.verify_malformed", line=found.malformed.first))
    return "\n".join(lines) or text(lang, "cli.verify_nothing")


def _lane_found(lane: LaneFound, lang: Lang) -> list[str]:
    who = {"journal": lane.journal, "lane": lane.lane}
    if lane.broken is not None:
        kind, first, last = lane.broken
        what = text(lang, f"cli.broken_{kind}")
        return [text(lang, "cli.verify_broken", **who, first=first, last=last, what=what)]
    name = "cli.verify_holds" if lane.head > lane.start else "cli.verify_empty"
    lines = [text(lang, name, **who, first=lane.start + 1, last=lane.head, proven=lane.proven)]
    if lane.unproven:
        lines.append("  " + text(lang, "cli.verify_unproven", count=lane.unproven))
    elif lane.start:
        lines.append("  " + text(lang, "cli.verify_pruned", start=lane.start))
    if lane.proven < lane.head:
        lines.append("  " + text(lang, "cli.verify_awaiting", count=lane.head - lane.proven))
    return lines


def verdict_facts(found: Verdict) -> dict[str, Any]:
    """The same for programs."""
    lanes = [
        lane._asdict() | {"broken": lane.broken._asdict() if lane.broken else None} for lane in found.lanes
    ]
    malformed = found.malformed.first if found.malformed else None
    return {"holds": found.holds, "lanes": lanes, "malformed_line": malformed}


def reading(facts: Mapping[str, Any], lang: Lang) -> str:
    """One frame and what it says."""
    lines = []
    for entry in facts["observations"]:
        lines.append(text(lang, "cli.reading_title", device=facts["device"], t=entry["t"]))
        lines += [
            f"  {word(lang, name)}: {_value(name, entry, lang)}"
            for name in entry
            if name not in _KEYS_OF_NO_QUANTITY
        ]
    return "\n".join([*lines, "  " + text(lang, "cli.reading_frame", frame=facts["frame"])])


def _value(name: str, entry: Mapping[str, Any], lang: Lang) -> str:
    value = entry[name]
    if name == "code":
        return f"{value['value']} ({value['scheme']})"
    quality, reason = entry.get("quality", {}).get(name, ("good", ""))
    if quality == "missing":
        return text(lang, "cli.reading_missing", reason=word(lang, reason))
    shown = f"{word(lang, value)} {QUANTITIES[name].unit}".rstrip()
    if name in entry.get("raw", {}):
        shown += f" (raw {entry['raw'][name]})"
    return (
        shown
        if quality == "good"
        else f"{shown} {text(lang, 'cli.reading_suspect', reason=word(lang, reason))}"
    )


def entered(records: Sequence[str], lang: Lang) -> str:
    """What became of a fact."""
    if not records:
        return text(lang, "cli.entered_kept")
    return "\n".join(text(lang, "cli.entered_record", record=record) for record in records)


def facts(lang: Lang) -> str:
    """What can be entered: each fact and its fields, with a star where one must be said."""
    lines = []
    for kind, said in FACTS.items():
        lines.append(f"{kind}  {_half(said.__doc__, lang)}")
        for name, field in said.model_fields.items():
            choices = known_at(said, (name,))
            star = "*" if field.is_required() else " "
            told = f"{_half(field.description, lang)} {' | '.join(choices)}".rstrip()
            lines.append(f"  {star} {name:<16} {told}")
    return "\n".join([*lines, text(lang, "cli.facts_beside")])


def _half(described: str | None, lang: Lang) -> str:
    """Of ``English. · 中文``."""
    english, _, chinese = (described or "").partition(" · ")
    return english if lang == "en" else chinese


def value(item: Mapping[str, Any], lang: Lang) -> str:
    """One point's newest value with its unit, or why there is none."""
    if not item:
        return "–"
    if item["quality"] == "missing":
        return text(lang, "cli.reading_missing", reason=word(lang, item["reason"]))
    shown = item["value"]
    if isinstance(shown, list):
        shown = ", ".join(f"{degrees:.5f}" for degrees in shown)
    return f"{word(lang, shown)} {item.get('unit', '')}".rstrip()


_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def duration(seconds: float | None) -> str:
    """``4.2s``, ``3min``, ``5h``, ``2d``; a dash for none."""
    if seconds is None:
        return "–"
    for unit_s, unit in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if seconds >= unit_s:
            return f"{seconds / unit_s:.0f}{unit}"
    return f"{seconds:.1f}s"


_KILO = 1000


def size(count: float) -> str:
    """Bytes as people write them: ``3.2 MB``."""
    for unit in ("B", "kB", "MB"):
        if count < _KILO:
            return f"{count:.4g} {unit}"
        count /= _KILO
    return f"{count:.4g} GB"
