"""Excel templates from a data portal's schemas, and filled workbooks back into ordered, checked submissions.

import workbook_compiler as wbc

schema = wbc.load_schema("4dn", "profiles.json")
wbc.template(schema, preset="hi-c", path="blank.xlsx")
result = wbc.compile("filled.xlsx", schema)
"""

import workbook_compiler.template  # noqa: F401 - first, or loading the wing later would put it in the function's place
from workbook_compiler.api import Result, check, compile, load_schema, submit, template, write_plan  # noqa: A004 - the verb's name

__all__ = ["Result", "check", "compile", "load_schema", "submit", "template", "write_plan"]
