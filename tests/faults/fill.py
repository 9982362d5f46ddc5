"""Shows and logged-in buyers for the fault tests: ``python -m tests.faults.fill SHOWS BUYERS``.

A process of its own, for the test's has another database. Prints them as JSON; `quiet` are as many
shows again, at which a test finds the seats free that it names, whatever loads have bought.
"""

import json
import sys
from importlib import import_module

import django


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.models import User
    from tests.factories import hall, make_show

    engine = import_module(settings.SESSION_ENGINE)
    count = int(sys.argv[1])
    shows = [make_show(hall(20, 20)).pk for _ in range(2 * count)]
    buyers = []
    for number in range(int(sys.argv[2])):
        user = User(email=f"buyer{number}@example.com", name="Asha Rao")
        user.set_unusable_password()
        user.save()
        session = engine.SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        buyers.append(session.session_key)
    json.dump({"shows": shows[:count], "quiet": shows[count:], "buyers": buyers}, sys.stdout)


if __name__ == "__main__":
    main()
