"""Run by the peer's own Python: Submit4DN writes the blank workbook of some types; with ``-`` it prints its types instead.

What it would ask its portal is answered from the file of schemas.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from dcicutils import ff_utils
from wranglertools import get_field_info


def main(schemas_file: str, out: str, *types: str) -> None:
    if out == "-":
        print(json.dumps(get_field_info.get_sheet_names(["all"])))
        return
    schemas = json.loads(Path(schemas_file).read_text(encoding="utf-8"))
    ff_utils.get_metadata = lambda uri, **_: schemas[uri.split("/")[-1].removesuffix(".json")]
    ff_utils.search_metadata = lambda *_, **__: []
    connection = SimpleNamespace(key=None, admin=False)
    get_field_info.create_excel(get_field_info.get_uploadable_fields(connection, types), out)


if __name__ == "__main__":
    main(*sys.argv[1:])
