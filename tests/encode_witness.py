"""How eu_register 2.11.0 (encode-utils, from the package index) reads a table: its own code, in an environment of its own.

It reaches no portal: the profile is a JSON Schema that it is handed. The environment is made on first use, as the sandbox's is.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from workbook_compiler.errors import WorkbookCompilerError
from workbook_compiler.sandbox import environment

PEER = environment.Packages(
    name="encode-utils",
    words="eu_register witness",
    takes="a minute, 380 MB",
    lines=("encode-utils==2.11.0", "setuptools<81"),
    oldest=(3, 9),
    newest=(3, 12),
)
SECONDS = 60
READ = """
import json, sys
from types import SimpleNamespace as Made
from encode_utils.MetaDataRegistration import eu_register

schema = json.loads(sys.argv[2])
properties = [Made(name=name, schema=one) for name, one in schema.items()]
profile = Made(name="x", properties=properties, get_property_from_name=lambda name: Made(schema=schema[name]))
try:
    rows = list(eu_register.create_payloads(profile, sys.argv[1]))
    print(json.dumps({"made": [{key: one for key, one in row.items() if not key.startswith("_")} for row in rows]}))
except Exception as error:
    print(json.dumps({"error": type(error).__name__}))
"""


def read(table: Path, schema: Mapping[str, Any]) -> dict[str, Any]:
    """``{"made": payloads}``, or ``{"error": name}`` where its reading ends with an exception."""
    variables = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [environment.python(packages=PEER), "-I", "-X", "utf8", "-c", READ, table, json.dumps(schema)],
        cwd=table.parent,
        env={**variables, "HOME": str(table.parent), "DCC_MODE": "http://127.0.0.1:1"},
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


@pytest.fixture(scope="session", name="eu_register")
def witness() -> Path:
    """The Python of the environment; tests are skipped where it can't be made, but never in CI."""
    try:
        return environment.python(packages=PEER)
    except WorkbookCompilerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no eu_register here: {error}")
