"""Checks WEB_CONCURRENCY, then starts gunicorn: python -m bookmyshow.serving.web bookmyshow.wsgi

Gunicorn reads WEB_CONCURRENCY when it is imported, before gunicorn.conf.py. If the value is not a
number, gunicorn exits with a traceback. This module exits with one clear line instead.
"""

from bookmyshow.environment import web_concurrency

if __name__ == "__main__":
    # Exits if the value is invalid. Gunicorn is imported only after this check.
    web_concurrency()
    from gunicorn.app.wsgiapp import run

    run(prog="gunicorn")
