"""Django's settings. What differs between sites comes from the environment (docs/settings.md)."""

from datetime import timedelta
from typing import Any

from . import beat, environment
from .core.cache.caches_setting import caches
from .core.content_policy import content_policy
from .core.db.limits import databases
from .core.observability.logs import LEVELS, logging_config
from .core.redis_clients import celery_broker
from .environment import ROOT, env

DEBUG = environment.switch("DEBUG", default=False)
HTTPS = environment.switch("HTTPS", default=not DEBUG)
# Signatures made with an earlier secret stay valid while that secret is listed as a fallback.
SECRET_KEY = environment.secret("SECRET_KEY", debug=DEBUG)
SECRET_KEY_FALLBACKS = environment.comma_separated("SECRET_KEY_FALLBACKS")
JWT_SECRET = environment.secret("JWT_SECRET", debug=DEBUG)
JWT_SECRET_FALLBACKS = environment.comma_separated("JWT_SECRET_FALLBACKS")
# Signs the tickets' QR codes. By default it is SECRET_KEY. Then a change of SECRET_KEY makes all
# sold tickets invalid, unless the old key is in SECRET_KEY_FALLBACKS.
HAS_TICKET_KEY = bool(env.str("TICKET_KEY", default=""))
TICKET_KEY = environment.secret("TICKET_KEY", debug=DEBUG) if HAS_TICKET_KEY else SECRET_KEY
TICKET_KEY_FALLBACKS = environment.comma_separated("TICKET_KEY_FALLBACKS")
if not HAS_TICKET_KEY:
    TICKET_KEY_FALLBACKS += SECRET_KEY_FALLBACKS
environment.refuse_equal(
    SECRET_KEY=SECRET_KEY, JWT_SECRET=JWT_SECRET, TICKET_KEY=TICKET_KEY if HAS_TICKET_KEY else ""
)
JWT_EXPIRY = environment.duration("JWT_EXPIRY", default="7d")
ALLOWED_HOSTS = environment.comma_separated("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
# For links in mail that is sent without a request, by a Celery worker.
SITE_URL = environment.site_url("SITE_URL", https=HTTPS, hosts=ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")

# X-Forwarded-For is believed from these proxies only. Else the connection's address counts.
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")
# The process that pushes seat maps (bookmyshow.serving.live): where it listens, and where browsers
# find it. Without LIVE_URL, pages only poll.
LIVE_PORT = environment.live_port("LIVE_PORT")
LIVE_URL = environment.live_url("LIVE_URL", https=HTTPS)
# How many open maps one process takes. It needs as many open files, and 11 KiB for each.
LIVE_WATCHERS = environment.whole_number("LIVE_WATCHERS", default=15_000, least=1, most=1_000_000)
ADMIN_PATH = environment.url_prefix("ADMIN_PATH", default="admin/")
METRICS_TOKEN = environment.token("METRICS_TOKEN")
# All pages answer 503 ("closed for maintenance"). Health checks, metrics and static files work.
MAINTENANCE = environment.switch("MAINTENANCE", default=False)
RATE_LIMITS = environment.switch("RATE_LIMITS", default=True)

# Booking (docs/spec.md §4)
BOOKING_EXPIRY_MINUTES = environment.whole_number(
    "BOOKING_EXPIRY_MINUTES", default=2, least=1, most=60
)
WAITING_OFFER_MINUTES = environment.whole_number(
    "WAITING_OFFER_MINUTES", default=10, least=2, most=60
)
# On-sales with a waiting room (docs/spec.md §24).
ON_SALE_CALL_MINUTES = environment.whole_number("ON_SALE_CALL_MINUTES", default=5, least=1, most=60)
ON_SALE_PASS_MINUTES = environment.whole_number(
    "ON_SALE_PASS_MINUTES", default=10, least=2, most=120
)
MAX_SEATS_PER_BOOKING = environment.whole_number(
    "MAX_SEATS_PER_BOOKING", default=10, least=1, most=100
)
# Limits against hoarding (bookings.hold_limits).
MAX_SEATS_PER_SHOW = environment.whole_number(
    "MAX_SEATS_PER_SHOW", default=20, least=1, most=10_000
)
MAX_HOLDS = environment.whole_number("MAX_HOLDS", default=5, least=1, most=10_000)
MAX_HELD_SEATS_PER_ADDRESS = environment.whole_number(
    "MAX_HELD_SEATS_PER_ADDRESS", default=40, least=1, most=100_000
)
MAX_GUEST_SEATS_PER_ADDRESS = environment.whole_number(
    "MAX_GUEST_SEATS_PER_ADDRESS", default=20, least=1, most=100_000
)
HOLD_PAUSE = timedelta(
    minutes=environment.whole_number("HOLD_PAUSE_MINUTES", default=5, least=0, most=1440)
)
# Seats at coming shows that a customer without a confirmed email may buy.
MAX_SEATS_UNCONFIRMED = environment.whole_number(
    "MAX_SEATS_UNCONFIRMED", default=10, least=0, most=10_000
)
# Off: seats are held without an account, but buying them needs a log-in (docs/spec.md §19).
GUEST_CHECKOUT = environment.switch("GUEST_CHECKOUT", default=True)
CURRENCY = environment.currency("CURRENCY", default="INR")
# Money (docs/spec.md §18). PAYMENTS is the provider of new payments; empty: nothing is paid online.
PAYMENTS = environment.one_of("PAYMENTS", "sandbox", "stripe", "razorpay", default="")
PAY_AT_CINEMA = environment.switch("PAY_AT_CINEMA", default=True)
PAYMENT_MINUTES = environment.whole_number("PAYMENT_MINUTES", default=5, least=1, most=10)
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRETS = environment.comma_separated("STRIPE_WEBHOOK_SECRETS")
RAZORPAY_KEY_ID = env.str("RAZORPAY_KEY_ID", default="")
RAZORPAY_KEY_SECRET = env.str("RAZORPAY_KEY_SECRET", default="")
RAZORPAY_WEBHOOK_SECRETS = environment.comma_separated("RAZORPAY_WEBHOOK_SECRETS")
SANDBOX_URL = environment.sandbox_url("SANDBOX_URL")
SANDBOX_PROTOCOL = environment.one_of("SANDBOX_PROTOCOL", "stripe", "razorpay", default="stripe")
environment.check_payments(
    PAYMENTS,
    at_cinema=PAY_AT_CINEMA,
    keys={
        "STRIPE_SECRET_KEY": STRIPE_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRETS": STRIPE_WEBHOOK_SECRETS,
        "RAZORPAY_KEY_ID": RAZORPAY_KEY_ID,
        "RAZORPAY_KEY_SECRET": RAZORPAY_KEY_SECRET,
        "RAZORPAY_WEBHOOK_SECRETS": RAZORPAY_WEBHOOK_SECRETS,
    },
)
# How long a customer may hold seats of one show without buying: as long as two full holds, and one
# payment that came to nothing. After that, no seats of this show can be held for HOLD_PAUSE.
UNPAID_HOLD_TIME = timedelta(
    minutes=2 * BOOKING_EXPIRY_MINUTES + (PAYMENT_MINUTES if PAYMENTS else 0)
)
CANCELLATION_POLICY = environment.cancellation_policy("CANCELLATION_POLICY")

# Passes for phones (bookings.wallet). Without these settings, pages show nothing about wallets.
APPLE_PASS_CERTIFICATE = environment.file("APPLE_PASS_CERTIFICATE")
APPLE_PASS_KEY = environment.file("APPLE_PASS_KEY")
APPLE_PASS_KEY_PASSWORD = env.str("APPLE_PASS_KEY_PASSWORD", default="")
APPLE_WWDR_CERTIFICATE = environment.file("APPLE_WWDR_CERTIFICATE")
GOOGLE_WALLET_ISSUER_ID = env.str("GOOGLE_WALLET_ISSUER_ID", default="")
GOOGLE_WALLET_KEY_FILE = environment.file("GOOGLE_WALLET_KEY_FILE")
environment.refuse_incomplete(
    APPLE_PASS_CERTIFICATE=APPLE_PASS_CERTIFICATE,
    APPLE_PASS_KEY=APPLE_PASS_KEY,
    APPLE_WWDR_CERTIFICATE=APPLE_WWDR_CERTIFICATE,
)
environment.refuse_incomplete(
    GOOGLE_WALLET_ISSUER_ID=GOOGLE_WALLET_ISSUER_ID, GOOGLE_WALLET_KEY_FILE=GOOGLE_WALLET_KEY_FILE
)

INSTALLED_APPS = [
    "bookmyshow.core",
    "bookmyshow.site",
    "accounts",
    "accounts.outbox",
    "accounts.push",
    "movies",
    "shows",
    "shows.tell_me",
    "shows.waiting_room",
    "bookings",
    "bookings.archive",
    "bookings.counter",
    "bookings.tax",
    "bookings.documents",
    "bookings.payments",
    "bookings.waiting_list",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django_htmx",
    "template_partials",
    "django_otp",
    "accounts.apps.AuthenticatorAppsConfig",
    "csp",
    "corsheaders",
]

MIDDLEWARE = [
    "bookmyshow.core.observability.middleware.ObservabilityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "bookmyshow.core.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "bookmyshow.core.security.PolicyMiddleware",
    "bookmyshow.site.maintenance.MaintenanceMiddleware",
    "bookmyshow.core.security.StaffAddressMiddleware",
    "bookmyshow.core.observability.people_online.PeopleOnlineMiddleware",
    "bookmyshow.core.db.own_writes.OwnWritesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "bookmyshow.core.security.PrivatePagesMiddleware",
    "bookings.offline.person.PersonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.staff.sessions.StaffSessionMiddleware",
    "accounts.two_factor.services.StaffTwoFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.login.devices.KnownDeviceMiddleware",
    "bookmyshow.core.rate_limits.RateLimitMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "bookmyshow.site.error_pages.WrongMethodMiddleware",
]

ROOT_URLCONF = "bookmyshow.urls"
WSGI_APPLICATION = "bookmyshow.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    },
]

# Database (bookmyshow.core.db.limits). Each web process has a connection for each thread.
WEB_THREADS = environment.whole_number("WEB_THREADS", default=4, least=1, most=64)
# How long a request waits for a connection. If it gets none, the answer is a 503.
DATABASE_WAIT_SECONDS = environment.whole_number(
    "DATABASE_WAIT_SECONDS", default=2, least=1, most=60
)
PGBOUNCER = environment.pgbouncer("PGBOUNCER")
# Citus divides the tables by show (docs/sharding.md).
CITUS = environment.switch("CITUS", default=False)
# A copy for reads that may be a moment old (bookmyshow.core.db.replicas). None: there is none.
_replica = environment.replica("DATABASE_REPLICA_URL")
HAS_REPLICA = _replica is not None
DATABASES = databases(
    environment.database("DATABASE_URL"),
    _replica,
    threads=WEB_THREADS,
    wait_seconds=DATABASE_WAIT_SECONDS,
    pgbouncer=PGBOUNCER,
)
# The cookie of a browser that changed something (bookmyshow.core.db.own_writes).
WRITTEN_COOKIE_NAME = "__Host-written" if HTTPS else "written"
if CITUS and not PGBOUNCER:
    # The plan of a statement depends on its show there.
    DATABASES["default"]["OPTIONS"]["options"] += " -c plan_cache_mode=auto"
DATABASE_ROUTERS = ["bookmyshow.core.db.replicas.Router"] if HAS_REPLICA else []

# Cache: it holds copies only. While its server is down, reads miss and writes are dropped.
REDIS_URL = environment.redis("REDIS_URL")
CACHES = caches(REDIS_URL)
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# Pages of CORS_ORIGIN may call the API, also with cookies, which the API ignores.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOWED_ORIGINS = environment.origins("CORS_ORIGIN")
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = ["content-type", "authorization", "idempotency-key", "x-on-sale-pass"]
CORS_EXPOSE_HEADERS = ["etag", "retry-after"]
CORS_PREFLIGHT_MAX_AGE = 3600

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PersonBackend"]
# W004: emails are unique through a constraint on Lower(email), which this check does not see.
# W009: environment.secret already checks all secrets.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W009"]
PASSWORD_HASHERS = [
    "accounts.login.hashers.BCryptHasher",
    "accounts.login.hashers.PBKDF2Hasher",
]
MIN_PASSWORD_LENGTH = 12
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": f"{_VALIDATION}.MinimumLengthValidator",
        "OPTIONS": {"min_length": MIN_PASSWORD_LENGTH},
    },
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
    {"NAME": "accounts.login.passwords.ContextValidator"},
]
# This cookie marks a browser that has logged in to an account (accounts.login.devices). Browsers
# accept the prefix __Host- only over HTTPS.
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
# If on, staff need a code from an authenticator app to use the admin and the door.
STAFF_2FA = environment.switch("STAFF_2FA", default=False)
# A session of staff ends STAFF_SESSION after the log-in, or after STAFF_IDLE without a request.
STAFF_SESSION = environment.duration(
    "STAFF_SESSION", default="12h", least=timedelta(minutes=5), most=timedelta(hours=12)
)
STAFF_IDLE = environment.duration(
    "STAFF_IDLE", default="30m", least=timedelta(minutes=2), most=timedelta(hours=12)
)
OTP_TOTP_ISSUER = "BookMyShow"
# No page of the admin shows the authenticator secrets, not even to superusers.
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "listings:home"
LOGOUT_REDIRECT_URL = "listings:home"

# Celery: beat starts the sweeps that release lapsed holds. Booking is correct without them
# (docs/spec.md §4.4).
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = celery_broker(REDIS_URL)
# Tasks in another format, such as pickle, are refused.
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 120
# A process takes its next task when it is done with the last one. Otherwise tasks would wait behind
# one that is stuck while other processes are free.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker never gives up: with a limit it would end during a long outage of the broker.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = beat.QUEUES
CELERY_BEAT_SCHEDULE = beat.SCHEDULE
SWEEP_SECONDS = beat.SWEEP_SECONDS

# Mail: without EMAIL_URL, mail is written to a folder.
if mail := environment.mail_settings("EMAIL_URL"):
    vars().update(mail)
else:
    EMAIL_BACKEND = "bookmyshow.core.mail_folder.EmailBackend"
    EMAIL_FILE_PATH = ROOT / ".data" / "mail"
EMAIL_TIMEOUT = 20
# Hours before a show, when people get a mail that reminds them; 0: none.
REMINDER_HOURS = environment.whole_number("REMINDER_HOURS", default=3, least=0, most=48)
DEFAULT_FROM_EMAIL = environment.sender(
    "DEFAULT_FROM_EMAIL", default="BookMyShow <tickets@localhost>"
)

# Web push (docs/spec.md §21.2). Without the setting, the first process makes a key in this file.
VAPID_PRIVATE_KEY = environment.push_key("VAPID_PRIVATE_KEY")
VAPID_KEY_FILE = ROOT / ".data" / "push" / "vapid.key"
VAPID_SUBJECT = environment.push_subject("VAPID_SUBJECT", sender=DEFAULT_FROM_EMAIL)
# For tests: the one push service that may use plain HTTP, or be on a private network.
PUSH_TEST_ORIGIN = (environment.origins("PUSH_TEST_ORIGIN") or [""])[0]
# The cookie of a browser that subscribed to push messages (accounts.push.browsers).
PUSH_COOKIE_NAME = "__Host-push" if HTTPS else "push"

# Language, time, money
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = ["bookmyshow.core.formats"]

# Files
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = ROOT / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "bookmyshow.serving.static_files.HashedStaticFiles"
    },
}

# Uploads: only staff upload files (posters, seating plans). The limits hold for all forms.
FILE_UPLOAD_HANDLERS = [
    "bookmyshow.core.security.QuotaUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5

# Security
# Hosts that pages may load posters from. If it is empty, every host is allowed, over HTTPS.
POSTER_HOSTS = environment.host_names("POSTER_HOSTS")
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
# Browsers accept a __Host- cookie only over HTTPS, for the path "/" and without a Domain attribute.
# So other hosts of the same domain can't set it.
if HTTPS:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = content_policy(POSTER_HOSTS, LIVE_URL)

# Logs go to the standard error stream; systemd or the platform collects them (docs/deploy.md).
LOG_LEVEL = environment.one_of("LOG_LEVEL", *LEVELS, default="INFO")
LOGGING = logging_config(as_json=not DEBUG, level=LOG_LEVEL, quiet_tasks=beat.QUIET_TASKS)
SENTRY_DSN = environment.sentry_dsn("SENTRY_DSN")
if SENTRY_DSN:
    from .core.observability import sentry

    sentry.start(SENTRY_DSN)
