"""Changes of a show that stays locked end with an error in bounded time."""

import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction
from django.urls import reverse

from shows import services
from shows.errors import ShowBusy
from shows.models import Show
from tests.support.admin_site import staff_client
from tests.support.factories import make_show

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy() -> Iterator[Show]:
    """A show that another connection locks for the whole test. Waits for locks last 0.2 s."""
    show = make_show()
    locked, done = threading.Event(), threading.Event()

    def keep_it_locked() -> None:
        with transaction.atomic():
            Show.objects.select_for_update(no_key=True).get(pk=show.pk)
            locked.set()
            done.wait(300)
        connections.close_all()

    holder = threading.Thread(target=keep_it_locked)
    holder.start()
    assert locked.wait(60)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    yield show
    done.set()
    holder.join()
    connection.close()


def test_a_locked_show_is_neither_deleted_nor_changed(busy: Show) -> None:
    with pytest.raises(ShowBusy, match="try again"):
        services.delete_show(show=busy)
    with pytest.raises(ShowBusy) as raised:
        services.change_terms(
            show=busy,
            standard_price=Decimal(1),
            premium_price=Decimal(1),
            format="3D",
            language="",
        )
    assert (raised.value.code, raised.value.retry_after) == ("SHOW_BUSY", 2)
    assert Show.objects.get(pk=busy.pk).format == "2D"


def test_staff_get_the_message_on_the_page_they_came_from(busy: Show) -> None:
    client = staff_client()
    change = reverse("admin:shows_show_change", args=[busy.pk])
    terms = {"standard_price": "1", "premium_price": "1", "format": "3D", "language": ""}
    for address, form in (
        (change, terms),
        (reverse("admin:shows_show_delete", args=[busy.pk]), {"post": "yes"}),
    ):
        page = client.post(address, form, follow=True)
        assert page.redirect_chain == [(change, 302)]
        assert "Please try again in a moment" in page.content.decode()
