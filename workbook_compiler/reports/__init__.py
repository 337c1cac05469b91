"""A report, told: one module for each format, found by ``resources.report_formats()``."""
