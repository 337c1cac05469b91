"""Preset files: which types and columns of a schema go into one blank workbook, as a data wrangler writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook_compiler.errors import UsageError
from workbook_compiler.nearest import likely

_KEYS = ("title", "description", "types")
_TYPE_KEYS = ("columns", "leave_out")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which columns of one type are wanted."""

    columns: tuple[str, ...] | None = None
    """Headers, or the name of an embedded object for all of its fields; None for every column on offer."""
    leave_out: tuple[str, ...] = ()
    """Headers that are not wanted."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of types."""

    name: str
    title: str
    description: str
    types: Mapping[str, Choice]


def load_preset(path: Path) -> Preset:
    """Return the preset a TOML file holds; UsageError says what in the file can't be understood."""
    import tomllib

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"The preset file {path} can't be opened: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The preset file {path} is not valid TOML: {error}.") from error
    _only(document, _KEYS, f"{path}")
    types = document.get("types")
    if not isinstance(types, dict) or not types:
        raise UsageError(f"{path}: a preset needs at least one table for a type, such as [types.Biosample].")
    choices = {name: _choice(table, f"{path}, [types.{name}]") for name, table in types.items()}
    title = _text(document, "title", path)
    return Preset(path.stem, title or path.stem, _text(document, "description", path), choices)


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that doesn't exist, with the nearest that do."""
    meant = likely(name, known)
    ask = f" Did you mean {' or '.join(meant)}?" if meant else ""
    return UsageError(f"There is no {what} {name}.{ask}")


def _choice(table: Any, where: str) -> Choice:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: a table is expected, with columns = [...] or leave_out = [...], or nothing in it.")
    _only(table, _TYPE_KEYS, where)
    columns = _headers(table, "columns", where) if "columns" in table else None
    return Choice(columns, _headers(table, "leave_out", where))


def _headers(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(header, str) for header in value):
        raise UsageError(f'{where}: {key} is a list of column names, such as {key} = ["aliases", "description"].')
    return tuple(header.removeprefix("*") for header in value)


def _only(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            error = unknown("setting", key, keys)
            raise UsageError(f"{where}: {error} Known settings here: {', '.join(keys)}.")


def _text(document: Mapping[str, Any], key: str, path: Path) -> str:
    value = document.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f'{path}: {key} is a text in quotes, such as {key} = "Hi-C".')
    return value.strip()
