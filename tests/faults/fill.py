"""Creates shows, buyers and a manager for the fault tests; prints ids and session keys as JSON.

Every second buyer is a guest of the session, the others are logged in.

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
    from django.test import Client

    from accounts.guests.session import GUEST
    from accounts.models import User
    from tests.support.factories import hall, make_guest, make_show

    engine = import_module(settings.SESSION_ENGINE)
    shows = [make_show(hall(20, 20)).pk for _ in range(int(sys.argv[1]))]
    buyers = []
    for number in range(int(sys.argv[2])):
        email = f"buyer{number}@example.com"
        session = engine.SessionStore()
        if number % 2:
            session[GUEST] = make_guest(email, name="Asha Rao", phone="98765 43210").pk
        else:
            user = User.objects.create_user(email, name="Asha Rao")
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        buyers.append(session.session_key)
    staff = Client()
    staff.force_login(User.objects.create_superuser("staff@example.com", name="Meera Nair"))
    session_key = staff.cookies[settings.SESSION_COOKIE_NAME].value
    json.dump({"shows": shows, "buyers": buyers, "staff": session_key}, sys.stdout)


if __name__ == "__main__":
    main()
