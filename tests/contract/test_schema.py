"""Compares the API with its own OpenAPI document; schemathesis makes requests and checks answers.

One check is off: `positive_data_acceptance` expects that every body that fits the schema is
accepted, but a schema does not know which seats a hall has.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.tokens import issue_token
from bookings import services
from tests.support.api_client import Api
from tests.support.factories import make_booking, make_show, make_user

CASES = 700  # Three callers make 2,100 and more.
COUNTED = re.compile(r"(\d+) generated, (\d+) passed")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("caller", ["anonymous", "user", "admin"])
def test_every_answer_is_as_the_document_says(api: Api, caller: str, tmp_path: Path) -> None:
    user = make_user("asha@example.com", "velvet-curtain-7", is_superuser=caller == "admin")
    make_booking(make_show(), ["A1"], user=user)
    services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    token = [] if caller == "anonymous" else ["-H", f"Authorization: Bearer {issue_token(user)}"]
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/api/openapi.json"]
    command += ["--url", api.url, "--checks", "all", "--exclude-checks", "positive_data_acceptance"]
    command += ["--max-examples", "4", "--generation-deterministic", "--no-color"]
    # It would end the token of the other cases; test_account_endpoints tests it.
    command += ["--exclude-path", "/api/auth/logout"]
    # However busy the machine is.
    command += ["--request-timeout", "120", "--suppress-health-check", "too_slow"]
    run = subprocess.run([*command, *token], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    counted = COUNTED.search(run.stdout)
    assert counted is not None
    assert int(counted[1]) >= CASES
    assert counted[1] == counted[2]


def test_the_document_is_openapi_3_1_and_says_everything(api: Api) -> None:
    document = api.get("openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["BearerToken"]["scheme"] == "bearer"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            if method in {"head", "options"}:
                continue
            assert operation["description"], where
            assert operation["tags"], where
            statuses = set(operation["responses"])
            assert {"500", "503"} < statuses, where
            secured = "security" in operation
            assert ("401" in statuses) == (secured or path == "/api/auth/login"), where
            if "requestBody" in operation:
                assert {"400", "413", "415"} < statuses, where
            for status, response in operation["responses"].items():
                assert response["description"], where
                is_file = status == "200" and path.endswith(".pdf")
                if status not in {"204", "304"}:
                    kind = "application/pdf" if is_file else "application/json"
                    assert kind in response["content"], where


def test_the_document_knows_every_code_of_the_contract(api: Api) -> None:
    text = json.dumps(api.get("openapi.json").json)
    codes = """VALIDATION_ERROR NOT_AUTHENTICATED FORBIDDEN NOT_FOUND SEATS_UNAVAILABLE
        BOOKING_EXPIRED BOOKING_NOT_PENDING SHOW_NOT_BOOKABLE SHOW_BUSY SHOW_HAS_BOOKINGS
        MOVIE_HAS_SHOWS SHOW_OVERLAPS MOVIE_NOT_SCHEDULABLE ARCHIVED EMAIL_TAKEN
        IDEMPOTENCY_KEY_REUSED
        PAYLOAD_TOO_LARGE UNSUPPORTED_MEDIA_TYPE RATE_LIMITED SERVER_ERROR SERVICE_UNAVAILABLE"""
    assert [code for code in codes.split() if f'"{code}"' not in text] == []


def test_the_handbook_has_every_endpoint_and_needs_no_script(api: Api) -> None:
    document, page = api.get("openapi.json").json, api.get("docs")
    assert page.headers["Content-Type"].startswith("text/html")
    text = page.body.decode()
    main = text[text.index("<main") : text.index("</main>")]
    assert "<script" not in main
    for path, operations in document["paths"].items():
        assert f"<code>{path}</code>" in main
        for method in operations.keys() - {"head", "options"}:
            assert f'id="{operations[method]["operationId"]}"' in main
