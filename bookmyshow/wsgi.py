import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")

django_application = get_wsgi_application()

# After get_wsgi_application(), because this import needs Django to be set up.
from .serving.unchanged_poll import UnchangedPolls  # noqa: E402

application = UnchangedPolls(django_application)
