"""Run by the peer's own Python: ena-upload-cli reads its four tables, validates them and writes the XML it would send.

These are the steps of its ``--action add --draft``, by its own functions. Left out are the options, the look-up of taxa (the
tables name them) and the tables written anew. Whatever would ask the network fails.
"""

import json
import socket
import sys
import tempfile
import time
from pathlib import Path

from ena_upload import ena_upload

ACTION, CENTER = "ADD", "Bench"
TOOL = {"tool_name": "ena-upload-cli", "tool_version": ena_upload.__version__}


def _refuse(*_args, **_options):
    raise OSError("the benchmark asks no network")


def main(checklist: str, *tables: str) -> None:
    socket.getaddrinfo = socket.socket.connect = _refuse  # its sessions don't heed proxies
    templates = str(Path(ena_upload.__file__).with_name("templates"))
    named = dict(zip(("study", "sample", "experiment", "run"), tables, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # where it leaves its XML
        begin = time.perf_counter()
        targets = ena_upload.extract_targets(ACTION, ena_upload.create_dataframe(named, ACTION, False, False))
        ena_upload.validate_run_table(targets["run"])
        assert ena_upload.check_file_checksum(targets["run"])
        read = time.perf_counter()
        written = ena_upload.run_construct(templates, targets, CENTER, checklist, TOOL)
        ena_upload.construct_submission(templates, ACTION, written, CENTER, checklist, TOOL)
        end = time.perf_counter()
        objects = {name: Path(file).read_text("utf-8").count(f"<{name.upper()} ") for name, file in written.items()}
    print(json.dumps({"objects": objects, "read": round(read - begin, 2), "xml": round(end - read, 2)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
