"""A real PostgreSQL and a real Valkey for any command: ``python -m bookmyshow.embedded COMMAND…``.

The servers come from Python wheels and store their data in the project's ``.data/`` folder. Each
server has its own supervising process, the keeper (`keeper`). The keeper stops the server when the
last command that uses it has ended, even if that command was killed. Commands and keepers find each
other through lock files (`membership`).
"""
