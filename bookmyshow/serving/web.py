"""Gunicorn, with WEB_CONCURRENCY checked first: python -m bookmyshow.serving.web bookmyshow.wsgi

Gunicorn reads that variable when it is imported, before gunicorn.conf.py, and ends with a traceback
if the value is no number.
"""

from bookmyshow.environment import web_concurrency

if __name__ == "__main__":
    web_concurrency()
    from gunicorn.app.wsgiapp import run

    run(prog="gunicorn")
