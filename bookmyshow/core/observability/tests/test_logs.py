import io
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.models import User
from accounts.tokens import issue_token
from bookmyshow.core.observability import request_id
from bookmyshow.core.observability.logs import JsonFormatter, NotEachSecond, hide
from shows.seatmap import current as seatmap
from tests.support.factories import make_show, make_user

EMAIL, NAME = "noor.khan@example.com", "Noor Khan"
PASSWORD, PHONE = "blue-kettle-42", "+91 98200 12345"


class Log(io.StringIO):
    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that is logged, in the format of production."""
    stream = Log()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    loggers = [logging.getLogger(), logging.getLogger("django")]
    for logger in loggers:
        logger.addHandler(handler)
    yield stream
    for logger in loggers:
        logger.removeHandler(handler)


def test_a_long_word_takes_no_long_time_to_be_hidden() -> None:
    began = time.process_time()
    assert hide("9" * 50_000) == "9" * 50_000
    # 0.03 s on a quiet machine; with a look at each of its parts it would be 20 s.
    assert time.process_time() - began < 5


def test_emails_side_by_side_are_all_hidden() -> None:
    assert hide("/?to=noor@example.com%2Casha@example.com+x@example.com").count("example") == 0


def test_a_record_is_one_line_of_json_with_the_requests_id(log: Log) -> None:
    request_id.adopt("edge-1234")
    logging.getLogger("bookings").warning("show %s\nis full", 7, extra={"seats": 120})
    (entry,) = log.entries
    assert entry["message"] == "show 7\nis full"
    assert (entry["level"], entry["logger"]) == ("WARNING", "bookings")
    assert (entry["request_id"], entry["seats"]) == ("edge-1234", 120)
    assert entry["time"].endswith("+00:00")


@pytest.mark.parametrize(
    ("logger", "level", "task", "is_written"),
    [
        ("celery.app.trace", logging.INFO, "app.tasks.tick", False),
        ("celery.beat", logging.INFO, "app.tasks.tick", False),
        ("celery.app.trace", logging.ERROR, "app.tasks.tick", True),
        ("celery.app.trace", logging.INFO, "app.tasks.sweep", True),
        ("app", logging.INFO, "app.tasks.tick", True),
    ],
)
def test_celery_says_nothing_about_tasks_of_each_second_unless_they_fail(
    logger: str, level: int, task: str, is_written: bool
) -> None:
    record = logging.makeLogRecord(
        {"name": logger, "levelno": level, "msg": "Task %s done", "args": (task,)}
    )
    assert NotEachSecond(["app.tasks.tick"]).filter(record) is is_written


def test_an_exception_is_part_of_the_line(log: Log) -> None:
    try:
        raise IntegrityError(f"Key (lower(email::text))=({EMAIL}) already exists.")
    except IntegrityError:
        logging.getLogger("accounts").exception("can't sign up")
    (entry,) = log.entries
    assert "IntegrityError" in entry["exception"]
    assert EMAIL not in entry["exception"]


@pytest.mark.django_db
def test_a_request_is_logged_by_its_route_and_duration(client: Client, log: Log) -> None:
    answer = client.get("/shows/999999/")
    entry = next(each for each in log.entries if each["logger"] == "bookmyshow.requests")
    assert entry["message"] == "GET shows:show 404"
    assert entry["milliseconds"] > 0
    assert entry["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.django_db
def test_an_unchanged_poll_is_not_logged(
    client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seatmap, "POINTER_SECONDS", 600.0)  # for busy machines
    show = make_show()
    client.get(f"/shows/{show.pk}/seats/")
    version = seatmap.current_version(show.pk)
    before = len(log.entries)
    assert client.get(f"/shows/{show.pk}/seats/?v={version}").status_code == 204
    assert len(log.entries) == before


@pytest.mark.django_db
def test_no_password_token_or_personal_data_is_in_any_log(client: Client, log: Log) -> None:
    signup = {"name": NAME, "email": EMAIL, "password": PASSWORD}
    assert client.post("/accounts/signup/", signup).status_code == 302
    user = User.objects.get(email=EMAIL)
    client.post("/accounts/profile/", {"name": NAME, "phone": PHONE})
    session = client.cookies["sessionid"].value
    token = issue_token(user)
    client.get("/api/auth/profile", headers={"Authorization": f"Bearer {token}"})
    client.get("/api/auth/profile", headers={"Authorization": f"Bearer {token}x"})
    client.post("/api/auth/login", {"email": EMAIL, "password": "wrong-" + PASSWORD})
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"username": EMAIL, "password": "wrong-" + PASSWORD})
    client.post("/accounts/password-reset/", {"email": EMAIL})
    reset = "c4xk2p-0123456789abcdef0123456789abcdef"
    client.get(f"/accounts/password-reset/Mw/{reset}/x/")
    client.get(f"/accounts/password-reset/Mw/{reset}/")
    client.get("/nothing/", {"email": EMAIL, "token": token})
    logging.getLogger("bookings").error("%s can't pay: phone=%s password: %s", user.email, PHONE, 1)
    text = log.getvalue()
    assert "accounts:password-reset-new" in text
    for secret in (EMAIL, NAME, PASSWORD, PHONE, session, token, reset, user.password):
        assert secret not in text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("to asha@example.co.in now", "to [email] now"),
        ("redis://:s3cret@db:6379/0 is down", "redis://[hidden]@db:6379/0 is down"),
        ("postgres://app:s3cret@db/x", "postgres://[hidden]@db/x"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: [hidden] [hidden]"),
        ("password='hunter 2', next", "password='[hidden] 2', next"),
        ('{"token": "abc", "n": 1}', '{"token": "[hidden]", "n": 1}'),
        ("call +44 20 7946 0958.", "call [phone]."),
        (
            "seats A1 A2 of show 12 at 2026-11-22 10:30",
            "seats A1 A2 of show 12 at 2026-11-22 10:30",
        ),
        ("BMV7Q2K9D4M1X8T held", "BMV7Q2K9D4M1X8T held"),
    ],
)
def test_personal_data_and_secrets_are_hidden(text: str, hidden: str) -> None:
    assert hide(text) == hidden


@pytest.mark.django_db
def test_the_log_of_a_failed_log_in_has_no_email(client: Client, log: Log) -> None:
    make_user(EMAIL, PASSWORD)
    client.post("/accounts/login/", {"username": EMAIL, "password": PASSWORD + "!"})
    assert EMAIL not in log.getvalue()
