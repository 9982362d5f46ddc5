"""``python -m bookmyshow.web bookmyshow.wsgi``: gunicorn, with WEB_CONCURRENCY checked first.

Gunicorn reads that variable while it is imported, before gunicorn.conf.py, and a value that is no
number ends it with a traceback.
"""

from .environment import web_concurrency

if __name__ == "__main__":
    web_concurrency()
    from gunicorn.app.wsgiapp import run

    run(prog="gunicorn")
