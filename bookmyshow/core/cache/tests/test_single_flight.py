import threading
import time

import pytest
from django.core.cache import cache

from bookmyshow.core.cache import Group, OwnedLock, drop_group, get_or_compute, single_flight


def test_a_value_that_many_threads_miss_at_once_is_computed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(single_flight, "WAIT_SECONDS", 300.0)  # for busy machines
    monkeypatch.setattr(single_flight, "LOCK_SECONDS", 300)
    made = []
    answers = []

    def make() -> str:
        made.append(threading.current_thread().name)
        time.sleep(0.3)
        return "costly"

    def ask() -> None:
        answers.append(get_or_compute("costly", make, seconds=600))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert answers == ["costly"] * 20


def test_after_an_error_the_next_caller_computes_it() -> None:
    with pytest.raises(ZeroDivisionError):
        get_or_compute("broken", lambda: 1 // 0, seconds=60)
    assert get_or_compute("broken", lambda: "mended", seconds=60) == "mended"


def test_none_is_cached_like_any_other_value() -> None:
    assert get_or_compute("nothing", lambda: None, seconds=60) is None
    assert get_or_compute("nothing", lambda: "made again", seconds=60) is None


def test_a_value_that_a_drop_made_out_of_date_is_not_found_afterwards() -> None:
    def make_while_it_changes() -> str:
        drop_group("films")
        return "outdated"

    Group("films").get_or_compute("list", make_while_it_changes, seconds=60)
    assert Group("films").get_or_compute("list", lambda: "new", seconds=60) == "new"


def test_clearing_the_cache_leaves_other_keys_of_the_server() -> None:
    server = cache.client.get_client(write=True)  # type: ignore[attr-defined]
    server.lpush("celery", "queued task")
    cache.set("kept", 1)
    cache.clear()
    assert cache.get("kept") is None
    assert server.llen("celery") == 1
    server.delete("celery")


def test_a_lock_is_given_back_by_its_owner_only() -> None:
    mine, theirs = OwnedLock("the lock", 60), OwnedLock("the lock", 60)
    assert mine.take()
    assert not theirs.take()
    theirs.give_back()
    assert mine.is_mine()
    # Mine ran out, and another worker took it.
    cache.delete("the lock")
    assert theirs.take()
    mine.give_back()
    assert theirs.is_mine()
    theirs.give_back()
    assert mine.is_free()
