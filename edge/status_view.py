"""The whole of `tagtrail status` as tables; facts in, something for rich out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.instant import parse_rfc3339
from edge.messages import Lang, sentence, text, word
from edge.show import duration, size, value

FINGERPRINT: Final = 16
"""Hexadecimal digits of the public key: enough to tell one from another, not to check with."""


def view(facts: Mapping[str, Any], lang: Lang) -> RenderableType:
    """All that is known. Of a gateway that does not run: what its journal's file tells."""
    shown: list[RenderableType] = [Text(line) for line in _head(facts, lang)]
    refused = facts.get("settings") or {}
    for problem in refused.get("problems", ()):
        line = text(lang, "cli.status_settings_refused", read=refused["read"], problem=problem[lang])
        shown.append(Text(line, style="bold red"))
    for alarm in facts.get("alarms", ()):
        said = {key: word(lang, alarm[key]) for key in ("cause", "detail", "subject")}
        line = text(lang, "cli.status_alarm", since=alarm["from"], **said)
        shown.append(Text(line, style="bold red"))
    if facts["running"]:
        shown += [_devices(facts, lang), _ports(facts, lang)]
    if "journal" in facts:
        shown += [_uplinks(facts, lang), *(Text(line) for line in _set_aside(facts, lang))]
    return Group(*shown)


def _head(facts: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    if facts["running"]:
        up, clock = duration(facts["up_s"]), facts["clock"]
        known = word(lang, clock["state"])
        if clock.get("uncertainty_s") is not None:
            known += f" ±{duration(clock['uncertainty_s'])}"
        yield text(
            lang,
            "cli.status_title",
            gateway=facts["gateway"],
            version=facts["version"],
            up=up,
            clock=known,
        )
    else:
        yield text(lang, "cli.status_stopped", gateway=facts["gateway"])
    if "error" in facts:
        yield facts["error"]
        return
    journal = facts["journal"]
    yield text(
        lang,
        "cli.status_journal",
        id=journal["id"],
        size=size(journal["used_bytes"]),
        quota=size(journal["max_size_bytes"]),
        free=size(facts["disk"]["free_bytes"]),
        state=word(lang, journal.get("state", "stopped")),
    )
    if journal.get("given_up"):
        yield text(lang, "cli.status_given_up", count=journal["given_up"])
    yield from _seals(facts, lang)


def _seals(facts: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    for lane, seal in ((facts.get("stored") or {}).get("seals", {})).items():
        if seal["seq"] is None:
            yield text(lang, "cli.status_no_seal", lane=word(lang, lane), head=seal["head"])
            continue
        line = text(
            lang,
            "cli.status_seal",
            lane=word(lang, lane),
            seq=seal["seq"],
            head=seal["head"],
            age=_age(seal["t"], facts),
            public=seal["key"][:FINGERPRINT],
        )
        yield line + (text(lang, "cli.status_walked", seq=seal["walked"]) if seal["walked"] else "")


def _age(t: str, facts: Mapping[str, Any]) -> str:
    """Beside the time of the status itself; a seal of this very moment may be a little later."""
    return duration(max(0.0, (parse_rfc3339(facts["t"]) - parse_rfc3339(t)) / 1e9))


def _table(lang: Lang, *columns: str) -> Table:
    return Table(*(text(lang, f"cli.status_{name}") for name in columns), box=None, pad_edge=False)


def _devices(facts: Mapping[str, Any], lang: Lang) -> Table:
    table = _table(lang, "device", "point", "value", "quality", "age", "refused")
    for name, device in facts["devices"].items():
        refused = " ".join(f"{word(lang, reason)}:{count}" for reason, count in device["refused"].items())
        for point, item in (device["points"] or {"–": {}}).items():
            age = duration(item.get("age_s"))
            table.add_row(name, word(lang, point), value(item, lang), _quality(item, lang), age, refused)
    return table


def _quality(item: Mapping[str, Any], lang: Lang) -> str:
    if not item:
        return "–"
    if item["quality"] == "suspect":
        return text(lang, "cli.reading_suspect", reason=word(lang, item["reason"]))
    return word(lang, item["quality"])


def _ports(facts: Mapping[str, Any], lang: Lang) -> Table:
    table = _table(lang, "port", "state", "load", "error")
    for name, port in facts["ports"].items():
        load = f"{port['bus_load']:.0%}" if "bus_load" in port else "–"
        table.add_row(name, word(lang, port["state"]), load, port["error"])
    return table


def _uplinks(facts: Mapping[str, Any], lang: Lang) -> Table:
    """Also of a gateway that does not run: what its uplinks still have to be given."""
    table = _table(
        lang, "uplink", "state", "acknowledged", "last", "backlog", "oldest", "quarantined", "error"
    )
    journal, oldest = facts["journal"], (facts.get("stored") or {}).get("oldest_owed", {})
    for name, by_lane in journal["backlog"].items():
        uplink = facts.get("uplinks", {}).get(name, {})
        state = word(lang, uplink.get("state", "stopped"))
        if uplink.get("acknowledgement") == "weak":
            state += f", {text(lang, 'cli.status_weak')}"
        owed = oldest.get(name, {}).values()
        table.add_row(
            name,
            state,
            str(uplink.get("acknowledged_observations", "–")),
            duration(uplink.get("acknowledged_s_ago")),
            str(sum(lane["blocks"] for lane in by_lane.values())),
            _age(min(owed), facts) if owed else "–",
            str(journal["quarantined"].get(name, 0)),
            _down(uplink, lang),
        )
    return table


def _down(uplink: Mapping[str, Any], lang: Lang) -> str:
    reason = uplink.get("reason")
    return sentence(lang, reason["text"], reason["values"]) if reason else str(uplink.get("last_error") or "")


def _set_aside(facts: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    for uplink, blocks in ((facts.get("stored") or {}).get("quarantine", {})).items():
        for block in blocks:
            said = {key: block[key] for key in ("seq", "why", "at")}
            yield text(lang, "cli.status_set_aside", uplink=uplink, lane=word(lang, block["lane"]), **said)
