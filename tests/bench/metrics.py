"""What is measured, in which unit, and what it may cost; the table that people read."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table


class Metric(NamedTuple):
    """key: of its samples. most, least: the budget, where there is one."""

    key: str
    title: str
    unit: str
    most: float | None = None
    least: float | None = None

    def holds(self, value: float) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.most is not None:
            return value <= self.most
        if self.least is not None:
            return value >= self.least
        return None

    @property
    def budget(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:,g}"
        return f"≥ {self.least:,g}" if self.least is not None else ""


BUSY: Final = 0.3
"""Load at the start above which the figures say more about the neighbours."""

METRICS: Final = (
    Metric("cpu_slow", "CPU per 1,000 readings, 100/s", "s", most=0.40),
    Metric("cpu_fast", "CPU per 1,000 readings, 1,000/s", "s", most=0.08),
    Metric("saturation", "saturation over Modbus TCP", "readings/s", least=20_000),
    Metric("saturation_core", "its one core in use meanwhile", "%"),
    Metric("idle", "idle, nothing due", "% of a core", most=0.3),
    Metric("repeated", "a tag 50 times a second", "% of a core", most=1.0),
    Metric("rss_mb", "peak memory, 1,000/s", "MB", most=60),
    Metric("cold_start_s", "start to first delivery", "s"),
    Metric("live_p50_ms", "live value, median", "ms"),
    Metric("live_p99_ms", "live value, 99 %", "ms"),
    Metric("durable_p50_ms", "durable value, median", "ms"),
    Metric("durable_p99_ms", "durable value, 99 %", "ms"),
    Metric("drain", "drain of 200,000 readings", "readings/s", least=30_000),
    Metric("advert_foreign", "advertisement of a stranger, above bleak's", "µs", most=60),
    Metric("advert_own", "advertisement of a probe, above bleak's", "µs", most=120),
    Metric("spine", "an observation, without recorders", "µs"),
    Metric("spine_recorded", "with them, 200 carcasses hanging", "µs"),
    Metric("recorders", "so that recorders cost, an observation", "µs", most=30),
    Metric("spine_mute", "the same with a mute scale, without recorders", "µs"),
    Metric("spine_recorded_mute", "with them", "µs"),
    Metric("recorders_mute", "so that recorders cost, with a mute scale", "µs", most=30),
    Metric("trace_tag_ms", "in two years, trace of an ear tag, slowest of 20", "ms", most=200),
    Metric("trace_carcass_ms", "of a carcass", "ms", most=200),
    Metric("trace_lot_ms", "of a lot of 100", "ms", most=200),
    Metric("trace_certificate_ms", "of a certificate", "ms", most=200),
    Metric("trace_room_ms", "of a room", "ms", most=200),
    Metric("trace_trip_ms", "of a trip", "ms", most=200),
    Metric("trace_vehicle_ms", "of a vehicle", "ms", most=200),
    Metric("trace_receiver_ms", "of a receiver", "ms", most=200),
    Metric("trace_hook_ms", "of a hook", "ms", most=200),
    Metric("met_lot_ms", "what met a lot, a carcass, an animal", "ms", most=200),
    Metric("met_county_ms", "what met a county's animals of two days", "ms", most=200),
    Metric("met_county_years_ms", "what met them in two years, a page", "ms", most=200),
    Metric("verified", "blocks verified", "blocks/s", least=50_000),
    Metric("written_slow", "written to disk, 100/s", "bytes/reading"),
    Metric("written_fast", "written to disk, 1,000/s", "bytes/reading"),
)


def summary(samples: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """The medians, their ratios, the budgets and all samples: what ``build/bench.json`` holds."""
    results = {metric.key: _result(metric, samples) for metric in METRICS if samples.get(metric.key)}
    machine = {"cpu": _cpu_model(), "cores": os.cpu_count(), "python": platform.python_version()}
    return {
        "machine": machine,
        "load_at_start": samples["load_at_start"][0],
        "results": results,
        "holds": all(result["holds"] is not False for result in results.values()),
    }


def _result(metric: Metric, samples: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    value = median(samples[metric.key])
    bare_samples = samples.get(f"bare.{metric.key}", ())
    bare = median(bare_samples) if bare_samples else None
    return {
        "title": metric.title,
        "unit": metric.unit,
        "gateway": value,
        "bare": bare,
        "ratio": value / bare if bare else None,
        "most": metric.most,
        "least": metric.least,
        "holds": metric.holds(value),
        "samples": list(samples[metric.key]),
        "bare_samples": list(bare_samples),
    }


def _cpu_model() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
        return next(names, platform.machine())


def show(facts: Mapping[str, Any], console: Console) -> None:
    """The table."""
    table = Table("", "unit", "gateway", "bare loop", "ratio", "budget", "", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for column in table.columns[2:5]:
        column.justify = "right"
    for metric in METRICS:
        result = facts["results"].get(metric.key)
        if result is not None:
            verdict = {None: "", True: "[green]holds[/]", False: "[bold red]broken[/]"}[result["holds"]]
            table.add_row(
                metric.title,
                metric.unit,
                _number(result["gateway"]),
                _number(result["bare"]),
                _number(result["ratio"]),
                metric.budget,
                verdict,
            )
    console.print(table)
    machine = facts["machine"]
    console.print(f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}")
    if facts["load_at_start"] > BUSY:
        console.print(
            f"[yellow]The machine was busy (load {facts['load_at_start']:.1f}): the CPU figures are high.[/]"
        )


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
