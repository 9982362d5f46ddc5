"""docs/api.md against the API itself: the same error codes, the same endpoints."""

import re

from bookmyshow.environment import ROOT
from tests.support.api_client import ApiInProcess

METHODS = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\b")


def test_the_page_has_every_error_code_with_its_status(quick_api: ApiInProcess) -> None:
    handbook = quick_api.get("docs").body.decode()
    codes = r'<td class="tabular">(\d+)</td><th scope="row"><code>([A-Z_]+)</code>'
    known = re.findall(codes, handbook)
    assert len(known) > 20
    written = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", page(), re.MULTILINE)
    assert sorted(written) == sorted(known)


def test_the_page_has_every_endpoint_with_its_methods(quick_api: ApiInProcess) -> None:
    paths = quick_api.get("openapi.json").json["paths"]
    known = {
        (method.upper(), path)
        for path, operations in paths.items()
        for method in operations.keys() - {"head", "options"}
    }
    # The OpenAPI document does not list these two.
    known |= {("GET", "/api/openapi.json"), ("GET", "/api/docs")}
    table = page().partition("## Endpoints")[2].partition("\n## ")[0]
    written = {
        (method, path)
        for row in re.findall(r"^\| ([A-Z].*?) \|", table, re.MULTILINE)
        for method in METHODS.findall(row)
        for path in re.findall(r"`(/api/[^`]*)`", row)
    }
    assert written == known


def page() -> str:
    return (ROOT / "docs/api.md").read_text()
