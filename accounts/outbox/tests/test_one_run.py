import pytest

from accounts.outbox.one_run import _path, one_run


@pytest.mark.django_db
def test_there_is_one_run_at_a_time_and_its_file_does_not_stay() -> None:
    for _ in range(2):
        with one_run("mail") as first, one_run("mail") as second, one_run("push") as other:
            assert (first, second, other) == (True, False, True)
        assert not _path("mail").exists()
