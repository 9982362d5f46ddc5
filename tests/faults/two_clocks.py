"""The site on a web host whose clock is wrong by CLOCK_SHIFT seconds; for gunicorn.

Python's clock is shifted below datetime and time, so libraries see it too. The database's is not.
"""

import datetime
import os

import time_machine

from bookmyshow.wsgi import application

shift = datetime.timedelta(seconds=float(os.environ["CLOCK_SHIFT"]))
time_machine.travel(datetime.datetime.now(datetime.UTC) + shift, tick=True).start()

__all__ = ["application"]
