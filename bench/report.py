"""Collects the figures of a run, prints them, and writes them as a table and as JSON."""

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.client import Result
from bookmyshow.environment import ROOT

FOLDER = ROOT / ".data"


@dataclass(frozen=True)
class Figure:
    """One line of the table. `reach` is the target for `ratio`, such as "≥ 0.85"."""

    name: str
    measured: str
    ratio: float | None = None
    reach: str = ""
    reached: bool | None = None


@dataclass
class Report:
    figures: list[Figure] = field(default_factory=list)
    raw: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    name: str = "bench"

    def at_least(self, name: str, measured: str, value: float, least: float) -> None:
        self.add(Figure(name, measured, value, f"≥ {least:g}", value >= least))

    def at_most(self, name: str, measured: str, value: float, most: float) -> None:
        self.add(Figure(name, measured, value, f"≤ {most:g}", value <= most))

    def note(self, name: str, measured: str, ratio: float | None = None) -> None:
        self.add(Figure(name, measured, ratio))

    def record(self, name: str, results: list[Result], *, allowed: tuple[int, ...]) -> None:
        """Store results.

        Adds a problem for a status that is not in `allowed`, for a broken connection, and if wrk
        used more than half of a processor.
        """
        self.raw.setdefault(name, []).extend(asdict(result) for result in results)  # type: ignore[attr-defined]
        for result in results:
            unexpected = {s: n for s, n in result.statuses.items() if int(s) not in allowed}
            if unexpected or result.broken:
                self._problem(f"{name}: {unexpected or ''} {result.broken} broken")
            if result.client_share > 0.5:
                self._problem(f"{name}: wrk used {result.client_share:.0%} of a processor")

    def section(self, title: str) -> None:
        print(f"\n{title}  ({time.monotonic() - self.started:.0f} s)", flush=True)

    def _table(self) -> str:
        """The figures as a Markdown table, for docs/performance.md."""
        lines = ["| figure | measured | ratio | to reach |", "|---|---|---|---|"]
        for f in self.figures:
            ratio = "" if f.ratio is None else f"{f.ratio:.3g}"
            marked = f"**{ratio}**" if f.reached is False else ratio
            lines.append(f"| {f.name} | {f.measured} | {marked} | {f.reach} |")
        return "\n".join([*lines, ""])

    def _problem(self, problem: str) -> None:
        self.problems.append(problem)
        print(f"  ! {problem}", flush=True)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        mark = {True: "ok", False: "MISSED", None: ""}[figure.reached]
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3g}"
        line = f"  {figure.name:<46} {figure.measured:<58} {ratio:>7} {figure.reach:>8} {mark}"
        print(line.rstrip(), flush=True)

    def write(self) -> None:
        """Write the JSON file and the table; print their paths and the missed targets."""
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
        )
        content = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "commit": commit.stdout.strip(),
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "seconds": round(time.monotonic() - self.started),
            "load_average_before": self.raw.pop("load_average", None),
            "figures": [asdict(figure) for figure in self.figures],
            "problems": self.problems,
            "raw": self.raw,
        }
        FOLDER.mkdir(exist_ok=True)
        file, table = FOLDER / f"{self.name}.json", FOLDER / f"{self.name}.md"
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False))
        table.write_text(self._table())
        print(f"\n{content['seconds']} s; all data: {_relative(file)}, table: {_relative(table)}")
        missed = self.missed
        print(f"missed targets: {', '.join(missed)}" if missed else "all targets reached")

    @property
    def missed(self) -> list[str]:
        return [figure.name for figure in self.figures if figure.reached is False]


def _relative(path: Path) -> Path:
    return path.relative_to(ROOT)
