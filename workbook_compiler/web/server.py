"""The page while it runs: a socket on 127.0.0.1, and the server behind it until somebody ends it."""

from __future__ import annotations

import socket
from collections.abc import Callable

from workbook_compiler.errors import UsageError
from workbook_compiler.web.rules import Rules

HOST = "127.0.0.1"
BACKLOG = 64
LAST_SECONDS = 1
"""What is being answered when the page ends has so long to come to its end."""


def serve(rules: Rules, port: int, begun: Callable[[str, str], None]) -> None:
    """Serve the page until it is interrupted; ``begun`` is told its address, and one that leads there once.

    Raises UsageError when the port is taken or the packages of the page aren't installed.
    """
    try:
        import python_multipart  # noqa: F401
        import uvicorn

        from workbook_compiler.web.pages import Pages
    except ImportError as error:
        raise UsageError("The page needs a few more packages: pip install 'workbook-compiler[page]'.") from error
    from workbook_compiler.web.guard import Guard
    from workbook_compiler.web.jobs import Jobs

    with _listening(port) as open_socket:
        jobs = Jobs()
        guard = Guard(Pages(rules, jobs).app(), open_socket.getsockname()[1])
        config = uvicorn.Config(
            guard,
            lifespan="off",
            http="h11",
            ws="none",
            access_log=False,  # it would hold the token
            log_config=None,
            log_level="critical",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=LAST_SECONDS,
        )
        begun(guard.address, guard.invitation())
        try:
            uvicorn.Server(config).run(sockets=[open_socket])
        finally:
            jobs.close()


def _listening(port: int) -> socket.socket:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
    except OSError as error:
        opened.close()
        raise UsageError(
            f"Port {port} can't be used: {error.strerror}. Leave --port out, and a free one is taken."
        ) from error
    opened.listen(BACKLOG)
    return opened
