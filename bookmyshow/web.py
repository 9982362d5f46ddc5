"""``python -m bookmyshow.web bookmyshow.wsgi``: gunicorn, with WEB_CONCURRENCY checked first.

Gunicorn reads that variable when it is imported, before gunicorn.conf.py, and ends with a traceback
if the value is no number.
"""

from .environment import web_concurrency

if __name__ == "__main__":
    web_concurrency()
    from gunicorn.app.wsgiapp import run

    run(prog="gunicorn")
