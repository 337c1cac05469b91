"""What is raised: for a file, a server or a wrong call, never for what a user typed into a cell."""

from __future__ import annotations


class WorkbookCompilerError(Exception):
    """The base of all errors of this package; ``exit_code`` is what the command line ends with."""

    exit_code = 1


class UsageError(WorkbookCompilerError):
    """A path, option, type or preset that doesn't exist."""

    exit_code = 2


class SchemaError(UsageError):
    """A schema document that cannot be understood."""


class UnreachableError(WorkbookCompilerError):
    """The portal could not be reached, or would not let us in. ``server`` is its address, ``reason`` a short text."""

    exit_code = 4

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"{server}: {reason}")
        self.server = server
        self.reason = reason


class RefusedError(WorkbookCompilerError):
    """The portal said no, or what it gave isn't what it promised."""

    exit_code = 3


class UnclearError(WorkbookCompilerError):
    """A message was sent and nobody knows whether it was carried out: look before sending it again.

    ``method`` and ``path`` say which message, ``reason`` is a short text. Whoever sends settles it, so it has no exit code of
    its own.
    """

    def __init__(self, method: str, path: str, reason: str) -> None:
        super().__init__(f"{method} {path}: {reason}")
        self.method = method
        self.path = path
        self.reason = reason
