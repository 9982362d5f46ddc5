"""The bytes of a stream: server-sent events, each in one chunk of an HTTP/1.1 answer.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
import random

#: A browser opens a stream that ended again after a time between these, in milliseconds. Each
#: stream gets another, so that 10,000 that end together don't come back together.
RETRY_MS = (1_000, 7_000)
#: Ends the answer.
LAST_CHUNK = b"0\r\n\r\n"


def chunk(text: bytes) -> bytes:
    """One chunk of an HTTP/1.1 answer."""
    return b"%x\r\n%b\r\n" % (len(text), text)


#: An event and not a comment, because a browser does not tell a page about comments.
HEARTBEAT = chunk(b"event: beat\ndata:\n\n")


def greeting() -> bytes:
    """The first bytes: after how long the browser opens a stream again that has ended."""
    return chunk(b"retry: %d\n\n" % random.randint(*RETRY_MS))


def difference(before: str, now: str, changed: dict[str, list[str]]) -> bytes:
    """Leads a page from the version `before` to the version `now`."""
    data = {"from": before, "v": now, **changed}
    return chunk(f"id: {now}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode())


def reload(version: str) -> bytes:
    """Asks a page to get the map of this version by its poll."""
    data = json.dumps({"v": version}, separators=(",", ":"))
    return chunk(f"id: {version}\nevent: reload\ndata: {data}\n\n".encode())
