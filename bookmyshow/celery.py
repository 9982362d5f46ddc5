"""The Celery application: broker and beat schedule come from Django's settings (CELERY_*)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")

app = Celery("bookmyshow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
