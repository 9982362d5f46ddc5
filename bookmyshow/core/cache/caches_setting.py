"""Makes the setting CACHES of Django from REDIS_URL."""

from typing import Any

# A page waits at most this long for a cache server that does not answer.
ANSWER_SECONDS = 0.5


def caches(url: str) -> dict[str, dict[str, Any]]:
    """The cache at REDIS_URL. While its server is down, reads miss and writes are dropped."""
    return {
        "default": {
            "BACKEND": "bookmyshow.core.cache.backend.OutageTolerantCache",
            "LOCATION": url,
            "KEY_PREFIX": "bms",
            # Version 1 was used by earlier releases, which stored values with pickle.
            "VERSION": 2,
            "OPTIONS": {
                "CLIENT_CLASS": "bookmyshow.core.cache.backend.SerializingClient",
                "SERIALIZER": "bookmyshow.core.cache.serializer.Serializer",
                "CONNECTION_FACTORY": "bookmyshow.core.cache.backend.Connections",
                "IGNORE_EXCEPTIONS": True,
                "SOCKET_CONNECT_TIMEOUT": ANSWER_SECONDS,
                "SOCKET_TIMEOUT": ANSWER_SECONDS,
            },
        }
    }
