"""Formats log records as JSON, one per line, and removes personal data and secrets from them.

The site's own code does not log such data. But messages of other software can: a database error may
quote an email, and a connection error may quote a password.
"""

import json
import logging
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from . import request_id

# None may take long for a word of some thousand characters: anybody can ask for such an address,
# and it is logged. So the part of an email before the @ has 64 characters, as the standard allows.
HIDDEN = [
    (re.compile(r"://[^/\s:@]*:[^/\s@]*@"), "://[hidden]@"),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]+(\.[\w-]+)+"), "[email]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [hidden]"),
    (
        re.compile(
            r"(?i)(password\w*|passwd|secret\w*|token|authorization|sessionid|csrf\w*|api_?key|phone)"
            r"(['\"]?\s*[=:]\s*['\"]?)[^\s'\",;&})]+"
        ),
        r"\1\2[hidden]",
    ),
    (re.compile(r"(?<![\w-])\+\d[\d ()-]{7,17}\d"), "[phone]"),
    (re.compile(r"/shared/[\w=-]+"), "/shared/[token]"),
    # First the token in a link of a mail (Django's format), then a value that Django signed.
    (re.compile(r"(/[\w-]+)/[a-z0-9]{6}-[0-9a-f]{32}\b"), r"\1/[token]"),
    (re.compile(r"(?<![\w-])[\w-]+:[\w-]{5,8}:[\w-]{27,}"), "[token]"),
]
#: What LOG_LEVEL may be.
LEVELS = ("INFO", "WARNING", "ERROR")
STANDARD_FIELDS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: Objects that libraries attach to records. They are not logged.
EXCLUDED_FIELDS = {"request", "server_time", "data", "sinfo"}


def hide(text: str) -> str:
    """The text without emails, phone numbers, passwords and tokens."""
    for pattern, replacement in HIDDEN:
        text = pattern.sub(replacement, text)
    return text


class JsonFormatter(logging.Formatter):
    """Writes time, level, logger, message and request id, then the values passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self._entry(record), ensure_ascii=False, default=str)

    def _entry(self, record: logging.LogRecord) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": hide(self._message(record)),
        }
        if current_id := request_id.current():
            entry["request_id"] = current_id
        for name, value in vars(record).items():
            if name not in STANDARD_FIELDS and name not in EXCLUDED_FIELDS:
                entry[name] = hide(value) if isinstance(value, str) else value
        if record.exc_info:
            entry["exception"] = hide(self.formatException(record.exc_info))
        return entry

    @staticmethod
    def _message(record: logging.LogRecord) -> str:
        """The message. If Django logs the path of a failed request, the route replaces the path,
        because a path may contain a token."""
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        if request and match and isinstance(record.args, tuple):
            route = f"/{match.route}"
            args = tuple(route if arg == request.path else arg for arg in record.args)
            return str(record.msg) % args
        return record.getMessage()


class NotEachSecond(logging.Filter):
    """Drops what Celery says about these tasks each time, but no warning and no error.

    For tasks that run every second: beat and the worker write three lines for each run.
    """

    def __init__(self, tasks: Collection[str]) -> None:
        super().__init__()
        self._tasks = tasks

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.INFO or not record.name.startswith("celery."):
            return True
        return not any(task in record.getMessage() for task in self._tasks)


def logging_config(
    *, as_json: bool, level: str, quiet_tasks: Collection[str] = ()
) -> dict[str, Any]:
    """The LOGGING setting of web, workers and commands: to the standard error stream.

    `level` is the least level of a line. `quiet_tasks` are names of Celery tasks (NotEachSecond).
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "bookmyshow.core.observability.logs.JsonFormatter"},
            "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        },
        "filters": {
            "not each second": {
                "()": "bookmyshow.core.observability.logs.NotEachSecond",
                "tasks": quiet_tasks,
            }
        },
        "handlers": {
            "stderr": {
                "filters": ["not each second"],
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "line",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False}
            for name in ("django", "gunicorn.error")
        },
    }
