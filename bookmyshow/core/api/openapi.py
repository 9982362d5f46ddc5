"""Builds the API's OpenAPI 3.1 document: adds errors, headers and examples to ninja's document."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ninja import NinjaAPI
from pydantic import BaseModel

from bookmyshow.core.errors import DomainError, described_codes

from .schemas import Problem

PREFIX = "/api/"
JSON_TYPE = "application/json"
PROBLEM = {"$ref": "#/components/schemas/Problem"}

HEADERS: dict[str, Any] = {
    "ETag": {
        "description": "Send it back as If-None-Match: 304 says that nothing changed.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {"schema": {"type": "string"}},
    "Allow": {"description": "The methods this address knows.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "WWW-Authenticate": {"schema": {"type": "string", "const": "Bearer"}},
}
HEADERS_OF_CODE = {
    "NOT_AUTHENTICATED": ["WWW-Authenticate"],
    "METHOD_NOT_ALLOWED": ["Allow"],
    "SHOW_BUSY": ["Retry-After"],
    "HOLD_PAUSED": ["Retry-After"],
    "ADDRESS_LIMIT": ["Retry-After"],
    "RATE_LIMITED": ["Retry-After"],
    "PROVIDER_UNAVAILABLE": ["Retry-After"],
    "RECEIPT_NOT_READY": ["Retry-After"],
    "SERVICE_UNAVAILABLE": ["Retry-After"],
}
EXAMPLE_DETAILS: dict[str, dict[str, Any]] = {
    "VALIDATION_ERROR": {"showId": ["Field required."]},
    "SEATS_UNAVAILABLE": {"seats": ["A1", "A2"]},
    "PAYMENT_REQUIRED": {"checkout": "/api/bookings/4711/checkout"},
    "PASS_REQUIRED": {"waitingRoom": "/waiting-room/7/", "waitingRoomId": 7},
    "SERVER_ERROR": {"id": "0c6cbf0c0b8f4d7f9b1b7f0d3f7c2a55"},
    "SERVICE_UNAVAILABLE": {"id": "0c6cbf0c0b8f4d7f9b1b7f0d3f7c2a55"},
}


def problems(*codes: str, public: bool = False) -> dict[str, Any]:
    """For `openapi_extra`: an endpoint's own error codes, and whether its answer may be cached.

    Codes that follow from a token, a body or parameters are added automatically.
    """
    return {"x-problems": list(codes), "x-public": public}


def describe(api: NinjaAPI, links: Mapping[str, Any]) -> dict[str, Any]:
    """The document of `api`. `links` maps an operationId to the OpenAPI links of its 2xx answer."""
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                operation.by_alias = True
    document = _with_public_names(api.get_openapi_schema(path_prefix=PREFIX))
    components = document["components"]
    components["schemas"] |= _schemas_of(Problem)
    components["headers"] = HEADERS
    for path, operations in document["paths"].items():
        if "get" in operations and "{" not in path:
            # Put the GET of a list first: another app may have added it to the router later.
            operations = document["paths"][path] = {"get": operations.pop("get"), **operations}
        known = sorted({method.upper() for method in operations} | {"OPTIONS"})
        for operation in operations.values():
            _complete(operation, links.get(operation["operationId"]))
        if "get" in operations:
            operations["head"] = _head_of(operations["get"])
            known = sorted({*known, "HEAD"})
        first = next(iter(operations.values()))
        operations["options"] = _options_of(first, known)
    return document


def _with_public_names(document: dict[str, Any]) -> dict[str, Any]:
    """Rename schemas for clients: `UserOut` to `User`, `Answer_UserOut_` to `UserAnswer`."""
    text = re.sub(r"\b(Answer|List)_(\w+?)Out_", r"\2\1", json.dumps(document))
    public: dict[str, Any] = json.loads(re.sub(r"\b([A-Z]\w+)Out\b", r"\1", text))
    return public


def _complete(operation: dict[str, Any], links: Mapping[str, Any] | None) -> None:
    responses = {str(status): response for status, response in operation["responses"].items()}
    # Ninja makes "Hold Seats" from the function's name; this document has "Hold seats".
    operation["summary"] = operation["summary"].capitalize()
    codes = operation.pop("x-problems", [])
    if operation.pop("x-public", False):
        responses["200"]["headers"] = _headers("ETag", "Cache-Control")
        responses["304"] = {
            "description": "Not modified.",
            "headers": _headers("ETag", "Cache-Control"),
        }
    if links:
        success = next(status for status in responses if status.startswith("2"))
        responses[success]["links"] = links
    responses |= _problem_responses([*_implied(operation), *codes])
    operation["responses"] = dict(sorted(responses.items()))


def _implied(operation: dict[str, Any]) -> list[str]:
    """The error codes that follow from an operation's token, body and parameters."""
    codes = ["SERVER_ERROR", "SERVICE_UNAVAILABLE"]
    if "security" in operation:
        codes.append("NOT_AUTHENTICATED")
        if any("AdminToken" in scheme for scheme in operation["security"]):
            codes.append("FORBIDDEN")
    if "requestBody" in operation:
        codes += ["VALIDATION_ERROR", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]
    elif operation["parameters"]:
        codes.append("VALIDATION_ERROR")
    return codes


def _problem_responses(codes: Iterable[str]) -> dict[str, Any]:
    by_status = defaultdict(list)
    described = described_codes()
    for code in codes:
        by_status[described[code].status].append(code)
    return {str(status): _problem_response(same) for status, same in by_status.items()}


def _problem_response(codes: list[str]) -> dict[str, Any]:
    names = sorted({name for code in codes for name in HEADERS_OF_CODE.get(code, [])})
    described = described_codes()
    only = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    response: dict[str, Any] = {
        "description": " ".join(f"`{code}`: {described[code].when}" for code in codes),
        "content": {
            JSON_TYPE: {
                "schema": {"allOf": [PROBLEM, only]},
                "examples": {
                    code: {"summary": described[code].when, "value": _example(described[code])}
                    for code in codes
                },
            }
        },
    }
    if names:
        response["headers"] = _headers(*names)
    return response


def _example(refusal: type[DomainError]) -> dict[str, Any]:
    code = refusal.code
    error: dict[str, Any] = {"code": code, "message": refusal.summary or refusal.message}
    if code in EXAMPLE_DETAILS:
        error["details"] = EXAMPLE_DETAILS[code]
    return {"success": False, "error": error}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _head_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The HEAD operation of a GET: the same, but its answers have no body."""
    responses = {
        status: {key: value for key, value in response.items() if key != "content"}
        for status, response in operation["responses"].items()
    }
    return operation | {
        "operationId": f"{operation['operationId']}Head",
        "summary": f"{operation['summary']} (headers only)",
        "responses": responses,
    }


def _options_of(operation: dict[str, Any], known: list[str]) -> dict[str, Any]:
    allow = {"schema": {"type": "string", "const": ", ".join(known)}}
    return {
        "operationId": f"{operation['operationId']}Options",
        "summary": "The methods this address knows",
        "tags": operation["tags"],
        "parameters": [
            # Any text: the answer to OPTIONS does not depend on the value.
            {"in": "path", "name": name["name"], "required": True, "schema": {"type": "string"}}
            for name in operation["parameters"]
            if name["in"] == "path"
        ],
        "responses": {"204": {"description": "See Allow.", "headers": {"Allow": allow}}},
    }


def _schemas_of(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    return schema.pop("$defs", {}) | {model.__name__: schema}
