"""docs/api.md lists the same error codes and endpoints as the API itself."""

import re

from bookmyshow.environment import ROOT
from tests.support.api_client import ApiInProcess

METHODS = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\b")


def test_api_md_has_every_error_code_with_its_status(quick_api: ApiInProcess) -> None:
    html = quick_api.get("docs").body.decode()
    html_row = r'<td class="tabular">(\d+)</td><th scope="row"><code>([A-Z_]+)</code>'
    expected = re.findall(html_row, html)
    assert len(expected) > 20
    documented = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", api_md(), re.MULTILINE)
    assert sorted(documented) == sorted(expected)


def test_api_md_has_every_endpoint_with_its_methods(quick_api: ApiInProcess) -> None:
    paths = quick_api.get("openapi.json").json["paths"]
    expected = {
        (method.upper(), path)
        for path, operations in paths.items()
        for method in operations.keys() - {"head", "options"}
    }
    # These two are not in the OpenAPI document: they serve it and its page.
    expected |= {("GET", "/api/openapi.json"), ("GET", "/api/docs")}
    table = api_md().partition("## Endpoints")[2].partition("\n## ")[0]
    documented = {
        (method, path)
        for row in re.findall(r"^\| ([A-Z].*?) \|", table, re.MULTILINE)
        for method in METHODS.findall(row)
        for path in re.findall(r"`(/api/[^`]*)`", row)
    }
    assert documented == expected


def api_md() -> str:
    return (ROOT / "docs/api.md").read_text()
