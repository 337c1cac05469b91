"""The process of the sandbox's portal. It runs in the sandbox's environment and imports nothing of the package around it.

It is told everything in one line of JSON on its standard input, writes ``{"server": address}`` to the file it is told
when it is ready, and ends when it is interrupted or when that input ends: then whoever started it is gone.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

ENVIRONMENT = {
    # snovault looks for a project whose name is an importable package, and not for one in the folder it is started from
    "APPLICATION_PYPROJECT_NAME": "snovault",
    "APPLICATION_PROJECT_HOME": os.devnull,
    # what it asks of Amazon while it is imported finds a door that is shut, at once
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
    # whatever it asks is on this machine
    "NO_PROXY": "*",
    "no_proxy": "*",
}
THREADS = 4
ENDS = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    """Serve until interrupted."""
    # pgserver ends its PostgreSQL when Python ends, not before; whoever is started in a shell's background ignores SIGINT
    for number in ENDS:
        signal.signal(number, interrupted)
    told = json.loads(sys.stdin.readline())
    os.environ.update(ENVIRONMENT)
    with suppress(ImportError):
        import pylibmagic  # noqa: F401 - where the system has no libmagic, this has one; snovault doesn't start without
    import database

    folder = Path(told["database"])
    with database.running(folder) as url:
        server = prepared(told, url)
        threading.Thread(target=end_with_the_input, args=[folder.parent], daemon=True).start()
        say(told["ready"], {"server": f"http://127.0.0.1:{server.effective_port}"})
        try:
            server.run()
        finally:
            server.close()


def interrupted(_number: int, _frame: object) -> None:
    """Raise KeyboardInterrupt, once: another one, from the end of the input, would cut off the end of the database."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def prepared(told: dict, url: str):
    """A server that needs only be run: the application has its types and its first records."""
    import application
    import item_types
    import seeding
    from botocore.exceptions import BotoCoreError, ClientError
    from waitress.server import create_server

    body = Path(told["schemas"]).read_bytes()
    profiles = json.loads(body)
    with refusing(told, "These schemas don't hang together", Exception):
        item_types.mount(profiles)
    with refusing(told, "No S3 stand-in answers at that address", BotoCoreError, ClientError):
        app = application.made(url, body, told["uploads"])
    seeding.sow(app, profiles, told["keys"])
    with refusing(told, f"Port {told['port']} can't be had", OSError, OverflowError):
        return create_server(app, host="127.0.0.1", port=told["port"], threads=THREADS)


@contextmanager
def refusing(told: dict, words: str, *errors: type):
    """Say in a sentence why it can't go on; the log has the whole story."""
    try:
        yield
    except errors as error:
        say(told["ready"], {"refused": f"{words} ({type(error).__name__})."})
        raise


def say(path: str, what: dict) -> None:
    """Write a file that is whole as soon as it is there."""
    beside = Path(path + ".part")
    beside.write_text(json.dumps(what), encoding="utf-8")
    beside.replace(path)


def end_with_the_input(place: Path) -> None:
    """Interrupt this process once its standard input has ended. Nobody else is left to remove its folder."""
    sys.stdin.read()
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
