"""Reads the home page in tests."""

import re

from django.test import Client


def titles(content: bytes) -> list[str]:
    return re.findall(r'film-card__title">([^<]+)<', content.decode())


def shown(client: Client, query: str = "") -> list[str]:
    return titles(client.get(f"/{query}").content)
