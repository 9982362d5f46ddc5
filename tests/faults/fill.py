"""Creates shows and logged-in buyers for the fault tests; prints ids and session keys as JSON.

``python -m tests.faults.fill SHOWS BUYERS`` is a separate process, because the test process uses
another database.
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
    from tests.support.factories import hall, make_show

    engine = import_module(settings.SESSION_ENGINE)
    shows = [make_show(hall(20, 20)).pk for _ in range(int(sys.argv[1]))]
    buyers = []
    for number in range(int(sys.argv[2])):
        user = User(email=f"buyer{number}@example.com", name="Asha Rao")
        user.set_unusable_password()
        user.save()
        session = engine.SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        buyers.append(session.session_key)
    json.dump({"shows": shows, "buyers": buyers}, sys.stdout)


if __name__ == "__main__":
    main()
