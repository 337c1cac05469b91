"""``--format json``: one JSON object on a line for each finding, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from workbook_compiler.model.report import Report, ReportFormat, document

# orjson writes these as they are, but a terminal obeys some and str.splitlines() breaks a line at others
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029]")


def render(report: Report, options: Mapping[str, Any]) -> str:  # noqa: ARG001 - every format has both
    """Return the findings as JSON lines, in reading order; an empty text when there are none."""
    several = len(report.workbooks) > 1
    lines = "".join(f"{_json(document(d, several_files=several))}\n" for d in report.diagnostics)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", lines)


def _json(entries: Mapping[str, Any]) -> str:
    import orjson

    try:
        return orjson.dumps(entries).decode()
    except TypeError:  # half a surrogate pair, from a file name that isn't UTF-8
        text = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace").decode()


FORMAT = ReportFormat("json", "JSON lines, for programs", ".jsonl", render)
