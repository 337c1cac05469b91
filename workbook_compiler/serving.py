"""``wbc serve``: the page for somebody who never saw a terminal, until Ctrl-C."""

from __future__ import annotations

import gc
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from workbook_compiler.console import out, say
from workbook_compiler.errors import UsageError


def serve(
    portal: Annotated[str | None, typer.Option("--portal", "-p", help="Offer this portal alone.")] = None,
    schemas: Annotated[
        str | None, typer.Option("--schemas", help="Its schemas: a snapshot folder or a JSON file.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 is any free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address, and open no browser.")] = False,
) -> None:
    """Show a page in the browser that gives blank workbooks and checks filled ones; nothing leaves this machine."""
    from workbook_compiler import api
    from workbook_compiler.web.rules import Rules
    from workbook_compiler.web.server import serve as run

    if schemas is not None:
        if portal is None:
            raise UsageError("Say which portal these schemas are of: --portal 4dn.")
        if schemas.startswith(("http://", "https://")):
            raise UsageError(
                f"--schemas takes a folder or a file here. Fetch it once: wbc schemas pull --portal {portal} --server …"
            )
        api.load_schema(portal, schemas)  # what is wrong with it is said now, not to whoever uses the page
    elif portal is not None:
        api.portal(portal)
    gc.enable()  # this command isn't over soon, and should stay small
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        run(Rules(portal, Path(schemas) if schemas else None), port, lambda *where: _begun(*where, opens=not no_open))
    say("The page is closed, and what it held is forgotten.")


def _begun(address: str, invitation: str, *, opens: bool) -> None:
    out(f"{address}\n")
    say("The page is at the address above, for this machine alone. Ctrl-C ends it, and it forgets everything.")
    if opens:
        import webbrowser

        # beside it: some browsers are programs of the terminal, and come back only when they are closed
        threading.Thread(target=webbrowser.open, args=(invitation,), daemon=True).start()
