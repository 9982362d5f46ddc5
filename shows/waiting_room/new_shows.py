"""Gives new shows of a film the on-sale that covers the film."""

from collections.abc import Iterable

from shows.models import Show

from .models import OnSale


def put_on_sale(shows: Iterable[Show]) -> None:
    """Set the on-sale of new shows that are not saved yet.

    The caller has locked their films (`shows.services.keep_in_use`). So an on-sale that is switched
    at the same time waits for them, and then covers these shows too (`staff_changes.switch_sale`).
    """
    new = list(shows)
    films = {show.movie_id for show in new}
    sales = {sale.movie_id: sale for sale in OnSale.objects.on().filter(movie__in=films)}
    for show in new:
        show.on_sale = sale = sales.get(show.movie_id)
        show.sale_closed = sale is not None and sale.mode == OnSale.Mode.CLOSED
