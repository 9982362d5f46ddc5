import threading
import time

import pytest
from django.core.cache import cache

from bookmyshow.core.cache import Group, drop_group, keep, single_flight


def test_many_who_ask_at_once_have_it_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_flight, "WAIT_SECONDS", 300.0)  # however busy the machine is
    monkeypatch.setattr(single_flight, "LOCK_SECONDS", 300)
    made = []
    answers = []

    def make() -> str:
        made.append(threading.current_thread().name)
        time.sleep(0.3)
        return "dear"

    def ask() -> None:
        answers.append(keep("dear", make, seconds=600))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert answers == ["dear"] * 20


def test_a_maker_that_fails_leaves_the_others_to_try() -> None:
    with pytest.raises(ZeroDivisionError):
        keep("broken", lambda: 1 // 0, seconds=60)
    assert keep("broken", lambda: "mended", seconds=60) == "mended"


def test_nothing_is_a_value_too() -> None:
    assert keep("nothing", lambda: None, seconds=60) is None
    assert keep("nothing", lambda: "made again", seconds=60) is None


def test_a_value_made_of_what_a_drop_outdated_is_not_found_after_it() -> None:
    def make_while_it_changes() -> str:
        drop_group("films")
        return "outdated"

    Group("films").keep("list", make_while_it_changes, seconds=60)
    assert Group("films").keep("list", lambda: "new", seconds=60) == "new"


def test_clearing_the_cache_leaves_what_else_is_on_the_server() -> None:
    server = cache.client.get_client(write=True)  # type: ignore[attr-defined]
    server.lpush("celery", "queued task")
    cache.set("kept", 1)
    cache.clear()
    assert cache.get("kept") is None
    assert server.llen("celery") == 1
    server.delete("celery")
