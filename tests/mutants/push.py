"""Mutants of push messages (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

ENDPOINTS = "accounts/push/endpoints.py"
SENDING = "accounts/push/sending.py"
TRANSPORT = "accounts/push/transport.py"
TEST_SENDING = "accounts/push/tests/test_sending.py"
TEST_ENDPOINTS = "accounts/push/tests/test_endpoints.py"
TEST_SUBSCRIBING = "accounts/push/tests/test_subscribing.py"
PUSHES = "bookings/push/tests/test_pushes.py"

MUTANTS_OF_PUSH = [
    (
        "a push message is kept for ever by the push service",
        SENDING,
        '"TTL": str(max(0, content.ttl)),',
        '"TTL": "2419200",',
        f"{PUSHES}::test_a_hold_that_ends_in_30_seconds_is_told",
    ),
    (
        "a push message about a hold never expires",
        "bookings/push/scanners.py",
        "expires_at=ends - HOLD_DROPPED,",
        "expires_at=ends + SHOW_NOTICE,",
        f"{PUSHES}::test_it_is_due_between_35_and_25_seconds_before_the_end",
    ),
    (
        "an outbox message is sent after its time",
        "accounts/outbox/sending.py",
        "if message.expires_at and message.expires_at <= claimed_at:",
        "if False:",
        f"{TEST_SENDING}::test_nothing_is_sent_after_its_time",
    ),
    (
        "push messages go to private addresses",
        TRANSPORT,
        'if not is_public(ip_address(str(address[0]).partition("%")[0])):',
        "if False:",
        f"{TEST_ENDPOINTS}::test_a_public_name_that_leads_to_a_private_address_is_not_connected_to",
    ),
    (
        "the host of a push service is looked up a second time",
        TRANSPORT,
        "plain.connect(address)",
        "plain.connect(_looked_up(endpoint.host, endpoint.port, ends)[0][4])",
        f"{TEST_ENDPOINTS}::test_the_address_that_was_checked_is_the_one_that_is_connected_to",
    ),
    (
        "an IPv4 address inside an IPv6 address is not looked at",
        ENDPOINTS,
        "if inner is not None and not is_public(inner):",
        "if False:",
        f"{TEST_ENDPOINTS}::test_private_addresses_are_known",
    ),
    (
        "push services without HTTPS are taken",
        ENDPOINTS,
        'if parts.scheme != "https":',
        "if False:",
        f"{TEST_ENDPOINTS}::test_other_addresses_are_refused",
    ),
    (
        "a push service may take as long as it likes",
        TRANSPORT,
        "with _closed_at(connection.sock, ends):",
        "if connection.sock:",
        f"{TEST_SENDING}::test_a_push_service_that_never_finishes_costs_some_seconds_and_no_memory",
    ),
    (
        "a browser that is gone is asked again and again",
        SENDING,
        "GONE = {404, 410}",
        "GONE = {0}",
        f"{TEST_SENDING}::test_a_browser_that_is_gone_is_forgotten",
    ),
    (
        "an extended hold is said to end",
        "bookings/push/kinds.py",
        'if ends != datetime.fromisoformat(message.data["ends"]):',
        "if False:",
        f"{PUSHES}::test_a_hold_that_is_extended_is_told_before_its_new_end",
    ),
    (
        "the clock of a web host decides which holds end",
        "bookings/push/scanners.py",
        "from bookmyshow.core.time import database_now",
        "from django.utils.timezone import now as database_now",
        f"{PUSHES}::test_a_hold_that_ends_in_30_seconds_is_told",
    ),
    (
        "log-out leaves the messages to the browser",
        "accounts/push/browsers.py",
        "    if device := device_of(request):\n        Subscription",
        "    if False and (device := device_of(request)):\n        Subscription",
        f"{TEST_SUBSCRIBING}::test_log_out_ends_the_messages_of_this_browser_only",
    ),
    (
        "a browser tells its next person what the former wanted to know",
        "accounts/push/browsers.py",
        "        rows.exclude(user__in=here).delete()\n",
        "",
        f"{TEST_SUBSCRIBING}::test_another_person_who_logs_in_ends_what_the_former_was_told",
    ),
]
