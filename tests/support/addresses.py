"""Every address of the site except the admin, and who may call it.

Callers are a visitor without an account, a guest (somebody who bought without an account, but not
this booking), a customer, the owner of the booking in question, and a superuser.
"""

from dataclasses import dataclass

ANYONE = {"visitor", "guest", "customer", "owner", "superuser"}
BUYER = ANYONE - {"visitor"}
PERSON = BUYER - {"guest"}
OWNER = {"owner"}
OWNER_OR_ADMIN = {"owner", "superuser"}
ADMIN = {"superuser"}
STAFF = {"superuser"}  # Also staff with the permission: the features' tests check that.


@dataclass(frozen=True)
class Row:
    """Who may call a route, and an example of its URL (with placeholders for ids)."""

    who: set[str]
    example: str
    method: str = "GET"
    form: str = ""


PAGES: dict[str, Row] = {
    "": Row(ANYONE, "/"),
    "movies/<slug:slug>/": Row(ANYONE, "/movies/{slug}/"),
    "movies/<slug:slug>/tell-me/": Row(ANYONE, "/movies/{slug}/tell-me/"),
    "tell-me/": Row(PERSON, "/tell-me/"),
    "tell-me/confirm/<str:token>/": Row(ANYONE, "/tell-me/confirm/made-up/"),
    "tell-me/stop/<str:token>/": Row(ANYONE, "/tell-me/stop/made-up/"),
    "movies/<slug:slug>/poster.svg": Row(ANYONE, "/movies/{slug}/poster.svg"),
    "movies/<slug:slug>/poster-<int:width>.webp": Row(ANYONE, "/movies/{slug}/poster-352.webp"),
    "movies/<slug:slug>/backdrop.svg": Row(ANYONE, "/movies/{slug}/backdrop.svg"),
    "movies/<slug:slug>/card.png": Row(ANYONE, "/movies/{slug}/card.png"),
    "shows/<int:show_id>/": Row(ANYONE, "/shows/{show}/"),
    "shows/<int:show_id>/own/": Row(ANYONE, "/shows/{show}/own/"),
    "shows/<int:show_id>/seats/": Row(ANYONE, "/shows/{show}/seats/"),
    "shows/<int:show_id>/waiting/": Row(ANYONE, "/shows/{show}/waiting/"),
    "shows/<int:show_id>/waiting/join/": Row(ANYONE, "/shows/{show}/waiting/join/", "POST"),
    "waiting/<int:entry_id>/leave/": Row(OWNER, "/waiting/{entry}/leave/", "POST"),
    "waiting/confirm/<str:token>/": Row(ANYONE, "/waiting/confirm/made-up/"),
    "waiting/place/<str:token>/": Row(ANYONE, "/waiting/place/made-up/"),
    "waiting-room/<int:on_sale_id>/": Row(ANYONE, "/waiting-room/{sale}/"),
    "waiting-room/<int:on_sale_id>/state.json": Row(ANYONE, "/waiting-room/{sale}/state.json"),
    "waiting-room/<int:on_sale_id>/place/": Row(PERSON, "/waiting-room/{sale}/place/"),
    "waiting-room/<int:on_sale_id>/join/": Row(PERSON, "/waiting-room/{sale}/join/", "POST"),
    "waiting-room/<int:on_sale_id>/enter/": Row(PERSON, "/waiting-room/{sale}/enter/", "POST"),
    "shows/<int:show_id>/hold/": Row(ANYONE, "/shows/{show}/hold/", "POST", "seat=A1"),
    "accounts/signup/": Row(ANYONE, "/accounts/signup/"),
    "accounts/signup/check/<slug:field>/": Row(ANYONE, "/accounts/signup/check/email/", "POST"),
    "accounts/login/": Row(ANYONE, "/accounts/login/"),
    "accounts/logout/": Row(ANYONE, "/accounts/logout/", "POST"),
    "accounts/profile/": Row(PERSON, "/accounts/profile/"),
    "accounts/profile/password/": Row(PERSON, "/accounts/profile/password/"),
    "accounts/profile/log-out-others/": Row(PERSON, "/accounts/profile/log-out-others/", "POST"),
    "accounts/profile/send-link/": Row(PERSON, "/accounts/profile/send-link/", "POST"),
    "accounts/profile/email/": Row(PERSON, "/accounts/profile/email/"),
    "accounts/new-email/<str:token>/": Row(ANYONE, "/accounts/new-email/made-up/"),
    "accounts/confirm-email/<str:token>/": Row(ANYONE, "/accounts/confirm-email/made-up/"),
    "accounts/two-factor/": Row(STAFF, "/accounts/two-factor/"),
    "accounts/two-factor/codes/": Row(STAFF, "/accounts/two-factor/codes/"),
    "accounts/profile/export/": Row(PERSON, "/accounts/profile/export/"),
    # Only for a browser that knows a guest (accounts/privacy/tests).
    "accounts/guest/export/": Row({"guest"}, "/accounts/guest/export/"),
    "accounts/guest/delete/": Row({"guest"}, "/accounts/guest/delete/"),
    "accounts/profile/delete/": Row(PERSON, "/accounts/profile/delete/"),
    "accounts/push/subscribe/": Row(OWNER, "/accounts/push/subscribe/", "POST", "person={owner}"),
    "accounts/push/<int:subscription_id>/change/": Row(
        OWNER, "/accounts/push/{push}/change/", "POST", "topic=hold"
    ),
    "accounts/push/remove/": Row(OWNER, "/accounts/push/remove/", "POST", "person={owner}"),
    "accounts/password-reset/": Row(ANYONE, "/accounts/password-reset/"),
    "accounts/password-reset/sent/": Row(ANYONE, "/accounts/password-reset/sent/"),
    "accounts/password-reset/<uidb64>/<token>/": Row(ANYONE, "/accounts/password-reset/MQ/t-t/"),
    "accounts/password-reset/done/": Row(ANYONE, "/accounts/password-reset/done/"),
    "bookings/to-save/": Row(ANYONE, "/bookings/to-save/"),
    "bookings/": Row(BUYER, "/bookings/"),
    "bookings/find/": Row(ANYONE, "/bookings/find/"),
    "bookings/find/sent/": Row(ANYONE, "/bookings/find/sent/"),
    "bookings/claim/": Row(PERSON, "/bookings/claim/", "POST"),
    "bookings/guest/forget/": Row(ANYONE, "/bookings/guest/forget/", "POST"),
    "bookings/guest/check/<slug:field>/": Row(ANYONE, "/bookings/guest/check/email/", "POST"),
    "bookings/guest/<str:token>/": Row(ANYONE, "/bookings/guest/made-up/"),
    "bookings/<reference:reference>/": Row(OWNER, "/bookings/{reference}/"),
    "bookings/<reference:reference>/clock/": Row(OWNER, "/bookings/{reference}/clock/"),
    "bookings/<reference:reference>/confirm/": Row(OWNER, "/bookings/{reference}/confirm/", "POST"),
    "bookings/<reference:reference>/check-out/": Row(
        OWNER, "/bookings/{reference}/check-out/", "POST"
    ),
    "bookings/<reference:reference>/release/": Row(OWNER, "/bookings/{reference}/release/", "POST"),
    "bookings/<reference:reference>/cancel/": Row(OWNER, "/bookings/{reference}/cancel/", "POST"),
    "bookings/<reference:reference>/pay/": Row(OWNER, "/bookings/{reference}/pay/", "POST"),
    "bookings/<reference:reference>/payment/": Row(OWNER, "/bookings/{reference}/payment/"),
    "bookings/<reference:reference>/saved/": Row(OWNER, "/bookings/{reference}/saved/"),
    "bookings/<reference:reference>/ticket.pdf": Row(OWNER, "/bookings/{reference}/ticket.pdf"),
    "bookings/<reference:reference>/ticket.ics": Row(OWNER, "/bookings/{reference}/ticket.ics"),
    # 404 for the owner too, until the operator sets up passes (bookings/wallet/tests).
    "bookings/<reference:reference>/ticket.pkpass": Row(
        set(), "/bookings/{reference}/ticket.pkpass"
    ),
    "bookings/<reference:reference>/google-wallet/": Row(
        set(), "/bookings/{reference}/google-wallet/"
    ),
    "bookings/<reference:reference>/qr.svg": Row(OWNER, "/bookings/{reference}/qr.svg"),
    "bookings/<reference:reference>/receipt.pdf": Row(OWNER, "/bookings/{reference}/receipt.pdf"),
    "bookings/<reference:reference>/send-again/": Row(
        OWNER, "/bookings/{reference}/send-again/", "POST"
    ),
    "bookings/<reference:reference>/share/": Row(OWNER, "/bookings/{reference}/share/"),
    "robots.txt": Row(ANYONE, "/robots.txt"),
    "sitemap.xml": Row(ANYONE, "/sitemap.xml"),
    "manifest.webmanifest": Row(ANYONE, "/manifest.webmanifest"),
    "sw.js": Row(ANYONE, "/sw.js"),
    "offline/": Row(ANYONE, "/offline/"),
    "door/": Row(STAFF, "/door/"),
    "door/<int:show_id>/": Row(STAFF, "/door/{show}/"),
    "door/<int:show_id>/let-in/": Row(STAFF, "/door/{show}/let-in/", "POST"),
    "door/<int:show_id>/undo/": Row(STAFF, "/door/{show}/undo/", "POST"),
    "door/<int:show_id>/count/": Row(STAFF, "/door/{show}/count/"),
    "counter/": Row(STAFF, "/counter/"),
    "counter/<reference:reference>/": Row(STAFF, "/counter/{reference}/"),
    "counter/<reference:reference>/take/": Row(STAFF, "/counter/{reference}/take/", "POST"),
    "counter/payments/<uuid:payment_id>/undo/": Row(
        STAFF, "/counter/payments/{payment}/undo/", "POST"
    ),
    "counter/refunds/": Row(STAFF, "/counter/refunds/"),
    "counter/refunds/<uuid:refund_id>/handed-back/": Row(
        STAFF, "/counter/refunds/{refund}/handed-back/", "POST"
    ),
    "counter/cash-up/": Row(STAFF, "/counter/cash-up/"),
    "counter/cash-up/csv/": Row(STAFF, "/counter/cash-up/csv/"),
    "media/<path:path>": Row(ANYONE, "/media/poster.png"),
    "api/docs": Row(ANYONE, "/api/docs"),
    "api/openapi.json": Row(ANYONE, "/api/openapi.json"),
}
# The token or the signature in the URL, the header or the form gives access.
BY_TOKEN = {
    "shared/<str:token>/",
    "bookings/<reference:reference>/payments/<uuid:uuid>/return",
    "metrics",
    "payments/<slug:provider_code>/events/",
    "payments/razorpay/return/",
}
# Accepts only requests from pages of the site (bookmyshow/site/tests/test_metrics_page.py,
# accounts/push/tests/test_subscribing.py).
FROM_OWN_PAGES = {"vitals", "accounts/push/renew/"}
# Unknown URLs under /api/ get a 404 in the API's envelope.
UNKNOWN = {"api", "api/"}
API: dict[tuple[str, str], Row] = {
    (method, path): Row(who, path.format(**names) if names else path, method)
    for method, path, who, names in [
        ("GET", "/api/health", ANYONE, {}),
        ("GET", "/api/health/ready", ANYONE, {}),
        ("POST", "/api/auth/signup", ANYONE, {}),
        ("POST", "/api/auth/login", ANYONE, {}),
        ("POST", "/api/auth/logout", PERSON, {}),
        ("GET", "/api/auth/profile", PERSON, {}),
        ("PUT", "/api/auth/profile", PERSON, {}),
        ("GET", "/api/auth/bookings", PERSON, {}),
        ("GET", "/api/movies", ANYONE, {}),
        ("POST", "/api/movies", ADMIN, {}),
        ("GET", "/api/movies/{id}", ANYONE, {"id": "{movie}"}),
        ("PUT", "/api/movies/{id}", ADMIN, {"id": "{movie}"}),
        ("DELETE", "/api/movies/{id}", ADMIN, {"id": "{movie}"}),
        ("GET", "/api/shows", ANYONE, {}),
        ("GET", "/api/shows/upcoming/list", ANYONE, {}),
        ("POST", "/api/shows", ADMIN, {}),
        ("GET", "/api/shows/{id}", ANYONE, {"id": "{show}"}),
        ("DELETE", "/api/shows/{id}", ADMIN, {"id": "{show}"}),
        ("GET", "/api/waiting-rooms/{id}", ANYONE, {"id": "{sale}"}),
        # Only the owner has a place, and is called.
        ("GET", "/api/waiting-rooms/{id}/place", OWNER, {"id": "{sale}"}),
        ("POST", "/api/waiting-rooms/{id}/place", PERSON, {"id": "{sale}"}),
        ("POST", "/api/waiting-rooms/{id}/enter", OWNER, {"id": "{sale}"}),
        ("POST", "/api/bookings", PERSON, {}),
        ("GET", "/api/bookings/{id}", OWNER_OR_ADMIN, {"id": "{booking}"}),
        ("DELETE", "/api/bookings/{id}", OWNER, {"id": "{booking}"}),
        ("GET", "/api/bookings/{id}/receipt.pdf", OWNER_OR_ADMIN, {"id": "{booking}"}),
        ("PATCH", "/api/bookings/{id}/confirm", OWNER, {"id": "{booking}"}),
        ("POST", "/api/bookings/{id}/checkout", OWNER, {"id": "{booking}"}),
        (
            "GET",
            "/api/bookings/reference/{reference}",
            OWNER_OR_ADMIN,
            {"reference": "{reference}"},
        ),
    ]
}
