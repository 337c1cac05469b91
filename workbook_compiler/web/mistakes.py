"""What is said of a mistake of this program: a sentence on the page, and where it happened in the terminal."""

from __future__ import annotations

import traceback
from pathlib import Path

from workbook_compiler.console import say


def unexpected(error: BaseException) -> str:
    """Return the sentence for a mistake of this program; where it happened is said in the terminal, without anybody's values."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {Path(last[0].filename).name}, line {last[0].lineno}" if last else ""
    say(f"A mistake of this program: {type(error).__name__}{where}. Please report it.")
    if isinstance(error, MemoryError):
        return "This machine hasn't enough memory for it. Check the workbooks in smaller parts."
    return "This went wrong because of a mistake in the program. Your workbook is as it was, and this page goes on."
