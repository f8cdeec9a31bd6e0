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


METRICS: Final = (
    Metric("cpu_slow", "CPU per 1,000 readings at 100/s", "s", most=0.40),
    Metric("cpu_fast", "CPU per 1,000 readings at 1,000/s", "s", most=0.08),
    Metric("saturation", "saturation of one core (Modbus TCP)", "readings/s", least=20_000),
    Metric("saturation_core", "  of which core in use", "%"),
    Metric("idle", "idle, 50 units configured", "% of a core", most=0.3),
    Metric("rss_mb", "peak memory at 1,000/s", "MiB", most=60),
    Metric("cold_start_s", "cold start to first delivered reading", "s"),
    Metric("live_p50_ms", "reading → broker, live, median", "ms"),
    Metric("live_p99_ms", "reading → broker, live, 99 %", "ms"),
    Metric("durable_p50_ms", "reading → broker, durable, median", "ms"),
    Metric("durable_p99_ms", "reading → broker, durable, 99 %", "ms"),
    Metric("drain", "drain of 200,000 readings", "readings/s", least=30_000),
    Metric("written_slow", "written to disk per reading at 100/s", "bytes"),
    Metric("written_fast", "written to disk per reading at 1,000/s", "bytes"),
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
        "title": metric.title.strip(),
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
    table = Table("", "unit", "gateway", "bare loop", "ratio", "budget", "", box=None)
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


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
