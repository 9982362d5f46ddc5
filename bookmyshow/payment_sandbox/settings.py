"""Django's settings of the sandbox. They have nothing in common with those of the site."""

import os
import secrets
from pathlib import Path

DATA = Path(os.environ.get("PAYMENT_SANDBOX_DATA", ".data/payment_sandbox")).resolve()
# Signs nothing that is kept: the sandbox has no sessions and no accounts.
SECRET_KEY = secrets.token_urlsafe(48)
DEBUG = False
# It listens on this machine only (unless told otherwise), and its pages know no secret.
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["bookmyshow.payment_sandbox.apps.PaymentSandboxConfig"]
MIDDLEWARE = ["bookmyshow.payment_sandbox.security.SecurityHeadersMiddleware"]
ROOT_URLCONF = "bookmyshow.payment_sandbox.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "sandbox.sqlite3",
        # Of a thread, which lasts as long as its client's connection.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # A transaction takes the write lock when it begins, so that two never deadlock.
            "transaction_mode": "IMMEDIATE",
            # With WAL, what was committed survives a kill -9 of the process.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "timeout": 30,
        },
    }
}
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "payment sandbox: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "payment_sandbox": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
