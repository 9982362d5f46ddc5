"""Logs, metrics and error reports for the people who operate the site (docs/operating.md).

This package imports no app. `bookmyshow.site.state_gauges` reads the metrics that come from the
apps' tables.
"""
