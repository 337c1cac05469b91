"""Where the time of one ``wbc compile`` goes: ``python benchmarks/steps.py OUT.json compile BOOK … -o FOLDER``.

The steps are the pipeline's own functions; each is wrapped wherever it is known, and a step's time is what it took without the
steps it called. OUT.json holds ``{step: {"wall": s, "cpu": s}}`` in the order of the flow.
"""

from __future__ import annotations

import time

BEGIN = time.perf_counter(), 0.0

import functools  # noqa: E402 - the clock starts first
import importlib  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

STEPS = (
    ("read", "workbook_compiler.pipeline.read", "read"),
    ("schema", "workbook_compiler.api", "load_schema"),
    ("tables", "workbook_compiler.pipeline.layouts", "tables"),
    ("bind", "workbook_compiler.pipeline.bind", "bind"),
    ("build", "workbook_compiler.pipeline.build", "build"),
    ("records", "workbook_compiler.pipeline.build", "records"),
    ("weave", "workbook_compiler.pipeline.weave", "weave"),
    ("validate", "workbook_compiler.pipeline.validate", "validate"),
    ("link", "workbook_compiler.pipeline.link", "link"),
    ("order", "workbook_compiler.pipeline.order", "order"),
    ("report", "workbook_compiler.api", "write_plan"),
    ("write", "workbook_compiler.delivery.emit", "write"),
)


class Clock:
    """Adds up each step's own time, wall and processor."""

    def __init__(self) -> None:
        names = ["start", *(name for name, _, _ in STEPS), "rest"]
        self.spent = {name: [0.0, 0.0] for name in names}
        self.running = ["start"]
        self.since = BEGIN

    def turn(self) -> None:
        """Book the time since the last turn to the step that is running."""
        now = time.perf_counter(), time.process_time()
        wall, cpu = self.spent[self.running[-1]]
        self.spent[self.running[-1]] = [wall + now[0] - self.since[0], cpu + now[1] - self.since[1]]
        self.since = now

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, its time booked to ``name``."""

        @functools.wraps(function)
        def wrapped(*args: Any, **options: Any) -> Any:
            self.turn()
            self.running.append(name)
            try:
                return function(*args, **options)
            finally:
                self.turn()
                self.running.pop()

        return wrapped


def _replace(function: Callable[..., Any], timed: Callable[..., Any]) -> None:
    """Put the timed function wherever a module of the package knows the function."""
    for name, module in list(sys.modules.items()):
        if name.startswith("workbook_compiler"):
            for known, value in list(vars(module).items()):
                if value is function:
                    setattr(module, known, timed)


def main(out: str, arguments: list[str]) -> None:
    """Run the command line with every step timed, and write the times."""
    clock = Clock()
    from workbook_compiler import cli

    homes = [importlib.import_module(module) for _, module, _ in STEPS]
    for (name, _, attribute), home in zip(STEPS, homes, strict=True):
        _replace(getattr(home, attribute), clock.timed(name, getattr(home, attribute)))
    sys.argv = ["wbc", *arguments]
    clock.turn()
    clock.running = ["rest"]
    try:
        cli.main()
    except SystemExit as end:
        if end.code:
            raise
    clock.turn()
    times = {name: {"wall": round(wall, 4), "cpu": round(cpu, 4)} for name, (wall, cpu) in clock.spent.items()}
    Path(out).write_text(json.dumps(times))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
