"""A real PostgreSQL and a real Valkey for any command: ``python -m bookmyshow.embedded COMMAND…``.

The servers come from Python wheels and keep their data in ``.data/`` of the project. Each runs
under a keeper process of its own (`keeper`), which stops it when the last command that uses it has
ended, however it ended. `membership` is how commands and keepers find each other.
"""
