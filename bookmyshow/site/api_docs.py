"""The page /api/docs: the OpenAPI document as HTML, without scripts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bookmyshow.core.errors import described_codes

from .api import document

Schema = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
SAMPLES = {
    "string": "text",
    "integer": 1,
    "number": 7.6,
    "boolean": True,
    "date": "2026-01-31",
    "date-time": "2026-01-31T19:30:00+05:30",
    "email": "asha@example.com",
    "uri": "https://tickets.example/poster.jpg",
}


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True)
class Outcome:
    status: str
    description: str
    example: str


@dataclass(frozen=True)
class Endpoint:
    key: str
    method: str
    path: str
    summary: str
    description: str
    audience: str
    parameters: list[Field]
    body: list[Field]
    body_example: str
    outcomes: list[Outcome]


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show every endpoint with its fields, answers and examples."""
    codes = [(code, error.status, error.when) for code, error in described_codes().items()]
    context = {"sections": sections(), "codes": codes}
    return render(request, "site/api_docs.html", context)


@cache
def sections() -> dict[str, list[Endpoint]]:
    """The endpoints by tag, in the order of the OpenAPI document."""
    found: dict[str, list[Endpoint]] = {}
    paths: dict[str, Any] = document()["paths"]
    for path, operations in paths.items():
        for method in METHODS:
            if method in operations:
                endpoint = _endpoint(method, path, operations[method])
                found.setdefault(operations[method]["tags"][0], []).append(endpoint)
    return found


def sample(schema: Schema) -> Any:
    """An example value for the schema: its own example if it has one, else a value of its type."""
    if "$ref" in schema:
        return sample(_resolved(schema))
    for known in ("examples", "enum"):
        if known in schema:
            return schema[known][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    kind = schema.get("type", "string")
    if kind == "object":
        return {name: sample(each) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema["items"])]
    return SAMPLES.get(schema.get("format", ""), SAMPLES[kind])


def _endpoint(method: str, path: str, operation: Schema) -> Endpoint:
    body = _json_schema(operation.get("requestBody", {}))
    return Endpoint(
        key=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=_description(operation),
        audience=_audience(operation),
        parameters=[
            Field(each["name"], _kind(each["schema"]), each["required"], _description(each))
            for each in operation["parameters"]
        ],
        body=list(_fields(body)) if body else [],
        body_example=_printed(sample(body)) if body else "",
        outcomes=list(_outcomes(operation)),
    )


def _audience(operation: Schema) -> str:
    schemes = {name for scheme in operation.get("security", []) for name in scheme}
    if "AdminToken" in schemes:
        return "superusers and managers"
    return "anyone with a token" if schemes else "everyone"


def _fields(schema: Schema) -> Iterator[Field]:
    whole = _resolved(schema)
    for name, each in whole["properties"].items():
        yield Field(name, _kind(each), name in whole.get("required", []), _description(each))


def _outcomes(operation: Schema) -> Iterator[Outcome]:
    for status, response in operation["responses"].items():
        if status.startswith("5"):
            continue
        schema = _json_schema(response)
        good = status.startswith("2") and schema
        yield Outcome(
            status,
            response["description"].replace("`", ""),
            _printed(sample(schema)) if good else "",
        )


def _kind(schema: Schema) -> str:
    choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    chosen = _resolved(choices[0])
    if "enum" in chosen:
        return " or ".join(str(value) for value in chosen["enum"])
    if chosen.get("type") == "array":
        return f"list of {_kind(chosen['items'])}"
    return str(chosen.get("format") or chosen.get("type", "text")).replace("string", "text")


def _description(schema: Schema) -> str:
    return str(schema.get("description", "")).replace("`", "")


def _resolved(schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    components: dict[str, Any] = document()["components"]
    found: Schema = components["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _json_schema(holder: Schema) -> Schema:
    found: Schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _printed(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
