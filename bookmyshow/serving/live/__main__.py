"""Starts the process that pushes seat maps, on LIVE_PORT of the address BIND."""

import asyncio
import gc
import logging
import os
import sys

import django
import uvloop

from bookmyshow.core.observability import multiprocess_dir


def main() -> None:
    """Serve until SIGTERM. Exits with a line that says why if the port is taken."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")
    if os.environ.get(multiprocess_dir.VARIABLE):
        # The streams of a process that has crashed are not counted any more.
        multiprocess_dir.prepare()
    django.setup()
    from django.conf import settings

    from bookmyshow.environment import env
    from shows.seatmap.current import changes_channel

    from .application import Application
    from .hub import Hub
    from .server import Server, config, listen, raise_file_limit
    from .subscription import Subscription

    log = logging.getLogger("bookmyshow.serving.live")
    host = env.str("BIND", default="127.0.0.1")
    try:
        listener = listen(host, settings.LIVE_PORT)
    except OSError as error:
        sys.exit(f"LIVE_PORT: can't listen on {host}:{settings.LIVE_PORT} ({error.strerror})")
    hub = Hub(raise_file_limit(settings.LIVE_WATCHERS))
    subscription = Subscription(hub, settings.REDIS_URL, changes_channel())
    server = Server(config(Application(hub, lambda: subscription.is_on)), hub)

    async def serve() -> None:
        hearing = asyncio.create_task(subscription.run())
        log.info("Seat maps are pushed at: http://%s:%s/live/", host, settings.LIVE_PORT)
        await server.serve([listener])
        hearing.cancel()

    # Objects of the start-up are left out of garbage collection, so that its pauses are short.
    gc.collect()
    gc.freeze()
    uvloop.run(serve())


if __name__ == "__main__":
    main()
