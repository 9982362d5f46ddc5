"""Mutants of saved tickets (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

TICKETS = "static/js/sw/tickets.js"
ANSWERS = "static/js/sw/answers.js"
PERSON = "bookings/offline/person.py"
BROWSER = "tests/browser/test_offline.py"
DROPPED = "tests/browser/test_saved_tickets_dropped.py"
SAVING = "bookings/offline/tests/test_saving.py"

MUTANTS_OF_OFFLINE = [
    (
        "saved tickets outlive a log-out that never reaches the site",
        ANSWERS,
        "  await dropTickets();\n  return fetch(request)",
        "  return fetch(request)",
        f"{DROPPED}::test_a_log_out_that_the_network_swallows_drops_them_too",
    ),
    (
        "saved tickets outlive a log-out on another device",
        PERSON,
        "response[PERSON_HEADER] = NOBODY",
        "pass",
        f"{DROPPED}::test_a_log_out_on_another_device_drops_them_at_the_next_page",
    ),
    (
        "the end of a session is forgotten if its answer is a redirect",
        PERSON,
        "elif was_ended or ENDED_COOKIE in request.COOKIES:",
        "elif was_ended:",
        f"{SAVING}::test_the_pages_after_an_end_that_no_page_told_say_it_too",
    ),
    (
        "the next person finds the tickets of the one before",
        TICKETS,
        "|| personOf(name) === except) continue;",
        "|| except) continue;",
        f"{DROPPED}::test_another_person_never_sees_the_tickets_of_the_one_before",
    ),
    (
        "a saved ticket is shown after its show",
        "static/js/sw/rules.js",
        "tickets.filter(({ until }) => new Date(until).getTime() > now);",
        "tickets.filter(() => now);",
        f"{DROPPED}::test_a_show_that_ends_while_the_network_is_away_takes_its_ticket_along",
    ),
    (
        "a saved ticket is never fetched again",
        TICKETS,
        "before?.version === ticket.version &&",
        "before &&",
        f"{DROPPED}::test_a_cancelled_ticket_and_a_moved_show_are_right_after_the_next_page",
    ),
    (
        "a new release drops the saved tickets",
        "static/js/sw/events.js",
        "if (name !== SHELL && !name.startsWith(TICKETS))",
        "if (name !== SHELL)",
        f"{BROWSER}::test_a_new_release_keeps_the_tickets",
    ),
    (
        "an error of the site hides a saved ticket",
        ANSWERS,
        "if (answer && !(isTicket && answer.status >= 500)) {",
        "if (answer) {",
        f"{BROWSER}::test_an_error_of_the_site_does_not_hide_a_saved_ticket",
    ),
    (
        "any answer counts as one of the door",
        "static/js/door_connection.js",
        'xhr.getResponseHeader("X-Door") === "answer"',
        "xhr.status === 200",
        f"{BROWSER}::test_the_page_of_a_network_is_no_answer_at_the_door",
    ),
]
