"""A malformed setting stops the start with one line that names it.

Tried in another process. It imports the libraries once and forks for each case, because an import
takes longer than a case.
"""

import json
import os
import secrets
import subprocess
import sys

import pytest

from bookmyshow.core.secret_strength import is_guessable
from bookmyshow.environment import ROOT, mail_settings

GOOD = {
    "DATABASE_URL": "postgres://app:secret@127.0.0.1:5432/bookmyshow",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SECRET_KEY": "9vKq2mYt7RbXw4LzNc8HsPd5GfJe3TaU",
    "JWT_SECRET": "0f4c2a9be17d3586c0fa41e97b2d8563",
    "PATH": os.environ["PATH"],
}

MALFORMED = [
    ("DATABASE_URL", "mysql://root@db/x"),
    ("DATABASE_URL", "sqlite:///db.sqlite3"),
    ("DATABASE_URL", ""),
    ("DATABASE_URL", "postgres://app:secret@db1:5432,db2:5432/bookmyshow"),
    ("DATABASE_URL", "postgres://app:secret@db1,db2/bookmyshow?target_session_attrs=standby"),
    ("DATABASE_URL", "postgres://app:secret@db1/bookmyshow?target_session_attrs=writable"),
    ("DATABASE_URL", "postgres://app:secret@db1,,db2/bookmyshow?target_session_attrs=any"),
    ("DATABASE_URL", "postgres://app:secret@db1:pg,db2/bookmyshow?target_session_attrs=any"),
    ("DATABASE_URL", "postgres://app:secret@db1:0,db2/bookmyshow?target_session_attrs=any"),
    ("DATABASE_URL", "postgres://app:secret@db1,db2/?target_session_attrs=any"),
    ("DATABASE_URL", "postgres:///bookmyshow?host=db1,db2"),
    ("REDIS_URL", "localhost:6379"),
    ("REDIS_URL", ""),
    ("REDIS_URL", "redis://:app:secret@cache1:6379,cache2:6379/0"),
    ("REDIS_URL", "redis+sentinel://:app:secret@s1:26379,s2:26379"),
    ("REDIS_URL", "redis+sentinel://:app:secret@s1:26379,:26379/tickets/0"),
    ("REDIS_URL", "redis+sentinel://:app:secret@s1:26379/tickets/first"),
    ("REDIS_URL", "redis+sentinel://:app:secret@s1:26379/tickets/0?db=1"),
    ("SECRET_KEY", ""),
    ("SECRET_KEY", "short"),
    ("JWT_SECRET", ""),
    ("JWT_SECRET", "j" * 31),
    ("SECRET_KEY", "s" * 50),
    ("SECRET_KEY", "correct horse! " * 4),
    ("SECRET_KEY", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("SECRET_KEY", "django-insecure-9vKq2mYt7RbXw4LzNc8HsPd5GfJe3TaU"),
    ("JWT_SECRET", "9vKq2mYt7RbXw4LzNc8HsPd5GfJe3TaU"),
    ("TICKET_KEY", "short"),
    ("TICKET_KEY", "9vKq2mYt7RbXw4LzNc8HsPd5GfJe3TaU"),
    ("TICKET_KEY", "0f4c2a9be17d3586c0fa41e97b2d8563"),
    ("JWT_EXPIRY", "7 days"),
    ("JWT_EXPIRY", "0d"),
    ("JWT_EXPIRY", "99999999999d"),
    ("STAFF_SESSION", "13h"),
    ("STAFF_SESSION", "forever"),
    ("STAFF_IDLE", "13h"),
    ("STAFF_IDLE", "10s"),
    ("POSTER_HOSTS", "https://img.example"),
    ("POSTER_HOSTS", "img.example; script-src *"),
    ("DEBUG", "maybe"),
    ("HTTPS", "https"),
    ("RATE_LIMITS", "some"),
    ("CSRF_TRUSTED_ORIGINS", "tickets.example"),
    ("CORS_ORIGIN", "*"),
    ("TRUSTED_PROXIES", "10.0.0.0/33"),
    ("BOOKING_EXPIRY_MINUTES", "two"),
    ("BOOKING_EXPIRY_MINUTES", "0"),
    ("MAX_SEATS_PER_BOOKING", "1e3"),
    ("CURRENCY", "rupees"),
    ("CURRENCY", "XYZ"),
    ("PAYMENTS", "paypal"),
    ("PAY_AT_CINEMA", "sometimes"),
    ("PAYMENT_MINUTES", "0"),
    ("SANDBOX_URL", "localhost:8001"),
    ("SANDBOX_PROTOCOL", "paypal"),
    ("CANCELLATION_POLICY", "two hours"),
    ("CANCELLATION_POLICY", "120:50,20:100"),
    ("DEFAULT_FROM_EMAIL", "no at"),
    ("DEFAULT_FROM_EMAIL", "BookMyShow <>"),
    ("EMAIL_URL", "mail.example:587"),
    ("VAPID_PRIVATE_KEY", "short"),
    ("VAPID_PRIVATE_KEY", "A" * 43),
    ("VAPID_PRIVATE_KEY", "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"),
    ("VAPID_SUBJECT", "tickets@tickets.example"),
    ("PUSH_TEST_ORIGIN", "127.0.0.1:8162"),
    ("SENTRY_DSN", "sentry.example"),
    ("PGBOUNCER", "perhaps"),
    ("ADMIN_PATH", "../admin"),
    ("METRICS_TOKEN", "short"),
    ("PORT", "http"),
    ("PORT", "70000"),
    ("LIVE_PORT", "0"),
    ("LIVE_URL", "/"),
    ("LIVE_URL", "live.example/live/"),
    ("LIVE_URL", "https://live.example"),
    ("LIVE_URL", "//live.example/live/"),
    ("LIVE_URL", "/live/; script-src *"),
    ("WEB_CONCURRENCY", "-1"),
    ("WEB_CONCURRENCY", "lots"),
    ("WEB_THREADS", "many"),
    ("APPLE_PASS_CERTIFICATE", "/no/such/file"),
    ("APPLE_PASS_KEY", "/no/such/file"),
    ("APPLE_WWDR_CERTIFICATE", "/no/such/file"),
    ("GOOGLE_WALLET_KEY_FILE", "/no/such/file"),
]

# The setting that the line names, and what is set. "" starts.
STRIPE = {
    "PAYMENTS": "stripe",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_WEBHOOK_SECRETS": "whsec_1",
}
RAZORPAY = {
    "PAYMENTS": "razorpay",
    "RAZORPAY_KEY_ID": "rzp_live_1",
    "RAZORPAY_KEY_SECRET": "1",
    "RAZORPAY_WEBHOOK_SECRETS": "1,2",
}
MONEY: list[tuple[str, dict[str, str]]] = [
    ("PAYMENTS", {"PAY_AT_CINEMA": "off"}),
    ("", {"PAYMENTS": "sandbox", "PAY_AT_CINEMA": "off"}),
    ("", STRIPE),
    ("STRIPE_SECRET_KEY", {**STRIPE, "STRIPE_SECRET_KEY": ""}),
    ("STRIPE_WEBHOOK_SECRETS", {**STRIPE, "STRIPE_WEBHOOK_SECRETS": ""}),
    ("STRIPE_SECRET_KEY", {**STRIPE, "PAYMENTS": "sandbox"}),
    ("", {**STRIPE, "PAYMENTS": "sandbox", "STRIPE_SECRET_KEY": "sk_test_1"}),
    ("", RAZORPAY),
    ("RAZORPAY_KEY_ID", {**RAZORPAY, "RAZORPAY_KEY_ID": ""}),
    ("RAZORPAY_KEY_SECRET", {**RAZORPAY, "RAZORPAY_KEY_SECRET": ""}),
    ("RAZORPAY_WEBHOOK_SECRETS", {**RAZORPAY, "RAZORPAY_WEBHOOK_SECRETS": ""}),
    ("RAZORPAY_KEY_ID", {**RAZORPAY, "PAYMENTS": "sandbox"}),
]

# A file that is there. What it holds is the matter of `doctor`.
FILE = __file__
APPLE = dict.fromkeys(("APPLE_PASS_CERTIFICATE", "APPLE_PASS_KEY"), FILE)
WALLETS: list[tuple[str, dict[str, str]]] = [
    ("APPLE_WWDR_CERTIFICATE", APPLE),
    ("APPLE_PASS_CERTIFICATE", {"APPLE_PASS_KEY": FILE}),
    ("", {**APPLE, "APPLE_WWDR_CERTIFICATE": FILE}),
    ("GOOGLE_WALLET_ISSUER_ID", {"GOOGLE_WALLET_KEY_FILE": FILE}),
    ("GOOGLE_WALLET_KEY_FILE", {"GOOGLE_WALLET_ISSUER_ID": "1"}),
    ("", {"GOOGLE_WALLET_ISSUER_ID": "1", "GOOGLE_WALLET_KEY_FILE": FILE}),
]
LIVE: list[tuple[str, dict[str, str]]] = [
    ("", {"LIVE_URL": "/live"}),
    ("", {"LIVE_URL": "https://live.example:8443/a/live/"}),
    ("", {"LIVE_URL": ":8002/live/"}),
    # A page with HTTPS can't use the second.
    ("", {"LIVE_URL": "http://live.example/live/", "HTTPS": "off"}),
    ("LIVE_URL", {"LIVE_URL": "http://live.example/live/", "HTTPS": "on"}),
]
TOGETHER = MONEY + WALLETS + LIVE

TRY_EACH = """
import json, os, runpy, sys, traceback
import celery.fixups.django, celery.result, celery.worker, csp.constants, django.conf
import django.contrib.messages, django.core.cache, django.db.models, django.forms
import django_redis.serializers.base, environ, kombu, prometheus_client, redis.sentinel, sentry_sdk
cases = json.load(sys.stdin)
answers = []
for environment in cases:
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writable, 2)
        os.environ.clear()
        os.environ.update(environment)
        code = 0
        try:
            import bookmyshow.settings
            runpy.run_path("gunicorn.conf.py")
        except SystemExit as stop:
            print(stop.code, file=sys.stderr)
            code = 1
        except BaseException:
            traceback.print_exc()
            code = 2
        sys.stderr.flush()
        os._exit(code)
    os.close(writable)
    with open(readable) as pipe:
        words = pipe.read()
    answers.append([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), words])
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], tuple[int, str]]:
    """Exit code and error output for each malformed value, and without one."""
    cases = [*MALFORMED, ("", ""), ("DEBUG", "on")]
    environments = [{**GOOD, name: value} if name else GOOD for name, value in cases]
    environments[-1] |= dict.fromkeys(("SECRET_KEY", "JWT_SECRET"), "")
    cases += [(name, str(others)) for name, others in TOGETHER]
    environments += [{**GOOD, **others} for _, others in TOGETHER]
    result = subprocess.run(
        [sys.executable, "-c", TRY_EACH],
        cwd=ROOT,
        env=GOOD,
        input=json.dumps(environments),
        capture_output=True,
        text=True,
        check=True,
    )
    found = [(code, words) for code, words in json.loads(result.stdout)]
    return dict(zip(cases, found, strict=True))


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_a_malformed_value_stops_the_start_with_one_line_that_names_it(
    answers: dict[tuple[str, str], tuple[int, str]], name: str, value: str
) -> None:
    code, words = answers[name, value]
    assert code == 1, words
    assert words.startswith(f"{name}: ")
    assert words.count("\n") == 1
    assert "app:secret" not in words
    if ("SECRET" in name or "KEY" in name) and value:
        assert value not in words


@pytest.mark.parametrize(("name", "others"), TOGETHER)
def test_settings_that_do_not_fit_together_stop_the_start(
    answers: dict[tuple[str, str], tuple[int, str]], name: str, others: dict[str, str]
) -> None:
    code, words = answers[name, str(others)]
    assert code == bool(name), words
    assert words.partition(":")[0] == name
    assert words.count("\n") == bool(name)
    assert "_live_" not in words


def test_the_required_settings_are_enough(
    answers: dict[tuple[str, str], tuple[int, str]],
) -> None:
    assert answers["", ""] == (0, "")


def test_with_debug_no_secret_is_required(answers: dict[tuple[str, str], tuple[int, str]]) -> None:
    assert answers["DEBUG", "on"] == (0, "")


def test_the_web_process_refuses_a_malformed_number_of_processes() -> None:
    """Gunicorn reads the variable when it is imported, before gunicorn.conf.py."""
    started = subprocess.run(
        [sys.executable, "-m", "bookmyshow.serving.web", "bookmyshow.wsgi"],
        cwd=ROOT,
        env={**GOOD, "WEB_CONCURRENCY": "lots"},
        capture_output=True,
        text=True,
    )
    words = "WEB_CONCURRENCY: 'lots' can't be read; use a whole number from 1 to 256\n"
    assert (started.returncode, started.stderr) == (1, words)


def test_every_deployment_starts_the_web_process_that_checks() -> None:
    for file in ("Procfile", "ops/systemd/bookmyshow-web.service"):
        text = (ROOT / file).read_text()
        assert "-m bookmyshow.serving.web bookmyshow.wsgi" in text
        assert "-m gunicorn" not in text


def test_random_secrets_are_never_called_guessable() -> None:
    for _ in range(2_000):
        for made in (secrets.token_hex(16), secrets.token_urlsafe(24), secrets.token_urlsafe(48)):
            assert not is_guessable(made), made


def test_the_folder_for_mail_is_the_one_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "filemail:///var/mail/tickets")
    assert mail_settings("EMAIL_URL")["EMAIL_FILE_PATH"] == "/var/mail/tickets"
