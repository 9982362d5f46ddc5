"""Razorpay's error answers."""

from ..calls import ApiError, Errors


def error(
    status: int,
    description: str,
    *,
    code: str = "BAD_REQUEST_ERROR",
    reason: str = "input_validation_failed",
    field: str | None = None,
    keep: bool = True,
) -> ApiError:
    body = {
        "code": code,
        "description": description,
        "source": "business",
        "step": "payment_initiation",
        "reason": reason,
        "metadata": {},
    }
    if field:
        body["field"] = field
    return ApiError(status, {"error": body}, keep=keep)


def invalid(description: str, field: str) -> ApiError:
    return error(400, description, field=field, keep=False)


def no_such_id() -> ApiError:
    return error(400, "The id provided does not exist", reason="NA")


ERRORS = Errors(
    key_reused=lambda: error(
        400,
        "Different request with the same idempotency key has already been processed.",
        reason="NA",
        keep=False,
    ),
    key_in_use=lambda: error(
        409, "A request with this idempotency key is in progress.", reason="NA", keep=False
    ),
    broken=lambda: error(
        500, "The server had a problem (on demand).", code="SERVER_ERROR", reason="server_error"
    ),
    rate_limited=lambda: error(429, "Too many requests", reason="NA", keep=False),
    bad_value=lambda words: error(400, f"A value can't be read: {words}", keep=False),
)
