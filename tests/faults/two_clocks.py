"""A WSGI application: the site on a web host whose clock is wrong by CLOCK_SHIFT seconds.

time_machine shifts the clock for all Python code, libraries too. The database's clock is right.
"""

import datetime
import os

import time_machine

from bookmyshow.wsgi import application

shift = datetime.timedelta(seconds=float(os.environ["CLOCK_SHIFT"]))
time_machine.travel(datetime.datetime.now(datetime.UTC) + shift, tick=True).start()

__all__ = ["application"]
