"""The on-sale behind a waiting page, read from the database once a second by each process.

It is kept in the process's own memory, because the waiting room must hold when Valkey does not:
without this, each of a hundred thousand people would cost a read. Only for what is the same for
everybody.
"""

import threading
import time

from .errors import OnSaleNotFound
from .models import OnSale
from .pages import SalePage

KEPT_SECONDS = 1.0
#: Addresses of on-sales that don't exist are kept too.
MOST_KEPT = 1_000

_kept: dict[int, tuple[float, SalePage | None]] = {}
_lock = threading.Lock()


def cached_page(on_sale_id: int) -> SalePage:
    """The on-sale with its names. Raises OnSaleNotFound."""
    at = time.monotonic()
    read_at, page = _kept.get(on_sale_id, (0.0, None))
    if not read_at or at - read_at >= KEPT_SECONDS:
        sale = OnSale.objects.with_names().filter(pk=on_sale_id).first()
        page = SalePage(sale) if sale else None
        with _lock:
            if len(_kept) >= MOST_KEPT:
                _kept.clear()
            _kept[on_sale_id] = (at, page)
    if page is None:
        raise OnSaleNotFound
    return page


def forget_cached() -> None:
    """Read every row again, for tests."""
    with _lock:
        _kept.clear()
