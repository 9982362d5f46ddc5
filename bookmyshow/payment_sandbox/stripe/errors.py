"""Stripe's error answers."""

from typing import Any

from ..calls import ApiError, Errors


def error(status: int, kind: str, message: str, **more: Any) -> ApiError:
    keep = bool(more.pop("keep", True))
    return ApiError(status, {"error": {"type": kind, "message": message, **more}}, keep=keep)


def invalid(message: str, param: str = "", **more: Any) -> ApiError:
    """400 before anything was done, so the idempotency key stays free."""
    if param:
        more["param"] = param
    return error(400, "invalid_request_error", message, keep=False, **more)


def missing(param: str) -> ApiError:
    return invalid(f"Missing required param: {param}.", param, code="parameter_missing")


def no_such(what: str, identity: str) -> ApiError:
    return error(
        404,
        "invalid_request_error",
        f"No such {what}: '{identity}'",
        code="resource_missing",
        param="id",
    )


def unexpected_state(message: str) -> ApiError:
    code = "payment_intent_unexpected_state"
    return error(400, "invalid_request_error", message, code=code)


ERRORS = Errors(
    key_reused=lambda: error(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first"
        " used with.",
        keep=False,
    ),
    key_in_use=lambda: error(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Idempotent Key.",
        code="idempotency_key_in_use",
        keep=False,
    ),
    broken=lambda: error(500, "api_error", "An error occurred on our side (on demand)."),
    rate_limited=lambda: error(
        429, "invalid_request_error", "Too many requests.", code="rate_limit", keep=False
    ),
    bad_value=lambda words: invalid(f"A value can't be read: {words}"),
)
