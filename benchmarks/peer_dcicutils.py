"""Run by the peer's own Python: dcicutils reads and validates one workbook; prints what it found and how long each took.

Its portal is asked for schemas and for rows it doesn't find in the workbook. Here both are answered at once: the schemas
from a file, the rows with "not found". That is the best a portal can do, so its figures leave the network out.
"""

import json
import sys
import time

from dcicutils.portal_utils import Portal as PortalBase
from dcicutils.structured_data import Portal, StructuredDataSet


def main(book: str, schemas_file: str) -> None:
    with open(schemas_file) as stream:  # noqa: PTH123 - the peer's style of Python, whatever its version
        schemas = json.load(stream)
    asked = []

    def not_found(_self, object_id, *_args, **_options):
        asked.append(object_id)
        raise LookupError("HTTPNotFound")

    PortalBase.get_schemas = lambda _self: schemas
    PortalBase.get_metadata = not_found
    begin = time.perf_counter()
    found = StructuredDataSet.load(
        book, portal=Portal.create_for_testing({"path": "/", "function": lambda _request: {}})
    )
    read = time.perf_counter()
    found.validate()
    end = time.perf_counter()
    rows = sum(len(items) for items in found.data.values())
    errors = {kind: len(items) for kind, items in found.errors.items()}
    told = {"rows": rows, "errors": errors, "asked": len(asked), "read": round(read - begin, 2),
            "validate": round(end - read, 2)}  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
