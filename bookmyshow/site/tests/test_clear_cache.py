from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from tests.support.factories import make_user
from tests.support.servers import OwnValkey


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("clear_cache", *arguments, stdout=output)
    return output.getvalue()


def test_all_entries_are_dropped_and_counted() -> None:
    cache.set("a", 1)
    cache.set("b", 1)
    # The command's own probe is an entry too.
    assert run("--dry-run") == "3 entries would be dropped.\n"
    assert cache.get("a") == 1
    assert run() == "Dropped 3 entries.\n"
    assert cache.get("a") is None


def test_without_the_cache_server_the_command_fails(own_valkey: OwnValkey) -> None:
    own_valkey.stop()
    with pytest.raises(CommandError, match="does not answer"):
        run()


@pytest.mark.django_db
def test_nobody_is_logged_out_by_it(client: Client) -> None:
    client.force_login(make_user())
    run()
    assert client.get("/accounts/profile/").status_code == 200


@pytest.mark.django_db
def test_superusers_have_a_button_for_it_in_the_admin(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert b"Clear the cache" in client.get("/admin/").content
    cache.set("kept", 1)
    answer = client.post("/admin/clear-cache/", follow=True)
    assert b"The cache is empty" in answer.content
    assert cache.get("kept") is None


@pytest.mark.django_db
def test_other_staff_can_not_use_it(client: Client) -> None:
    client.force_login(make_user(is_staff=True))
    assert b"Clear the cache" not in client.get("/admin/").content
    assert client.post("/admin/clear-cache/").status_code == 403
    assert Client().post("/admin/clear-cache/").status_code == 302
