"""Writes to the site's cache and reads it, five times a second; prints when that worked.

``python -m tests.cluster.cache_probe`` runs until it is ended. Each line is a moment of
`time.monotonic`, which is the same for all processes of the machine.
"""

import time

import django


def main() -> None:
    django.setup()
    from django.core.cache import cache

    number = 0
    while True:
        number += 1
        cache.set("cluster-probe", number, 60)
        if cache.get("cluster-probe") == number:
            print(time.monotonic(), flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
