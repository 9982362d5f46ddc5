from tests.support.sandbox import Sandbox


def test_it_starts(sandbox: Sandbox) -> None:
    sandbox.kill()
    sandbox.start()
    assert sandbox.control("GET", "ready")["test_mode"]
