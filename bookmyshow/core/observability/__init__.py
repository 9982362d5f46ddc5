"""What operators see of the running site: logs, metrics, error reports (docs/deploy.md).

This package knows none of the apps, but for `state`, which looks at the database for `/metrics`.
"""
