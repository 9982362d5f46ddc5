"""Which requests gunicorn's threads are given; the whole of it is in tests/faults."""

import pytest

from bookmyshow.worker import COLLECTED_BYTES, is_whole

POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"


@pytest.mark.parametrize(
    "received",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        POST + b"abc",
        POST + b"abcGET / HTTP/1.1",
        b"x" * COLLECTED_BYTES,
        b"POST / HTTP/1.1\r\ncontent-length: 9999999\r\n\r\n" + b"x" * COLLECTED_BYTES,
        b"POST / HTTP/1.1\r\nContent-Length: three\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_request_that_a_thread_need_not_wait_for(received: bytes) -> None:
    assert is_whole(received)


@pytest.mark.parametrize(
    "received",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        POST,
        POST + b"ab",
        b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1000,
        b"GET / HTTP/1.1\r\nX: \r\n",
    ],
)
def test_a_request_whose_rest_is_still_to_come(received: bytes) -> None:
    assert not is_whole(received)
