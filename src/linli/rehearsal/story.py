"""The story of a rehearsal on a terminal: calm lines in plain words, a bar for what is going on, figures at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from linli.rehearsal.diary import Stage, Told

ZONE = ZoneInfo("Asia/Shanghai")
WIDTH = 100


@dataclass
class Story:
    """Tells what happens; a silent one only keeps the seconds that each stage took."""

    silent: bool = False
    console: Console = field(default_factory=lambda: Console(width=WIDTH, highlight=False))
    seconds: dict[str, float] = field(default_factory=dict)
    _bar: Progress | None = None
    _task: TaskID | None = None

    def title(self, chinese: str, english: str) -> None:
        """Open the story."""
        if not self.silent:
            head = Text(chinese, "bold")
            head.append(f"\n{english}", "dim")
            self.console.print(Panel(head, border_style="green", padding=(0, 2)))

    def chapter(self, chinese: str, english: str, about: str) -> None:
        """Begin a day."""
        if not self.silent:
            self.console.print()
            self.console.rule(
                Text.assemble((chinese, "bold green"), ("  " + english, "dim")), align="left", style="green"
            )
            self.console.print(Text(about, "dim"))
            self.console.print()

    def say(self, chinese: str, english: str = "") -> None:
        """Tell one line outside the stages."""
        if not self.silent:
            self.console.print(Text.assemble("  ", chinese, ("  " + english, "dim")))

    @contextmanager
    def day(self, stages: int) -> Iterator[None]:
        """Show one bar for the stages of a day while they go on."""
        if self.silent:
            yield
            return
        columns = (
            TextColumn("  [green]{task.description}"), BarColumn(36, complete_style="green", finished_style="green"),
            MofNCompleteColumn(), TimeElapsedColumn(),
        )  # fmt: skip
        with Progress(*columns, console=self.console, transient=True) as bar:
            self._bar, self._task = bar, bar.add_task("", total=stages)
            try:
                yield
            finally:
                self._bar = self._task = None

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Note how long a stage takes and show that it goes on."""
        began = time.perf_counter()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=padded(f"{stage.title} {stage.english}", 26))
        yield
        self.seconds[stage.name] = self.seconds.get(stage.name, 0.0) + time.perf_counter() - began
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)

    def tell(self, stage: Stage, at: datetime, told: Told) -> None:
        """Tell what came of a stage: the wall clock, its title, and one plain line in two languages."""
        if self.silent:
            return
        line = Text.assemble(
            (f"  {at.astimezone(ZONE):%m-%d %H:%M}  ", "dim"), (padded(stage.title, 12), "bold"), told.chinese
        )
        self.console.print(line)
        self.console.print(Text(f"{'':15}{padded(stage.english, 12)}{told.english}", "dim"))

    def figures(self, title: str, rows: list[tuple[str, str, str]]) -> None:
        """Show figures with their Chinese and English names."""
        if self.silent:
            return
        table = Table(
            title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2), show_header=False
        )
        table.add_column(style="bold")
        table.add_column(style="dim")
        table.add_column(justify="right")
        for chinese, english, value in rows:
            table.add_row(chinese, english, value)
        self.console.print()
        self.console.print(table)


def padded(text: str, cells: int) -> str:
    """Return the text filled with spaces to so many cells of a terminal; a Chinese character takes two."""
    return text + " " * max(1, cells - cell_len(text))


def yes(true: Any) -> str:
    """Return a mark that is read without colour too."""
    return "✓ 平 yes" if true else "✗ 不平 NO"
