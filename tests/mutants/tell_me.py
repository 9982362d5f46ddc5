"""Mutants of "Notify me" (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

SERVICES = "shows/tell_me/services.py"
VIEWS = "shows/tell_me/views.py"
TELLING = "shows/tell_me/tests/test_telling.py"
PAGES = "shows/tell_me/tests/test_pages.py"

MUTANTS_OF_TELL_ME = [
    (
        "two runs at once take the same wishes",
        SERVICES,
        '.select_for_update(skip_locked=True, of=("self",))\n        .order_by("pk")',
        '.order_by("pk")',
        f"{TELLING}::test_runs_at_the_same_time_tell_nobody_twice",
    ),
    (
        "a wish counts before it is confirmed",
        "shows/tell_me/models.py",
        "WAITING = Q(confirmed_at__isnull=False, told_at__isnull=True)",
        "WAITING = Q(told_at__isnull=True)",
        f"{PAGES}::test_a_visitor_counts_after_the_mailed_link",
    ),
    (
        "the city of a wish is not looked at",
        SERVICES,
        'Exists(shows.filter(screen__cinema__city__iexact=OuterRef("city")))',
        "Exists(shows)",
        f"{TELLING}::test_a_city_waits_for_its_own_show",
    ),
    (
        "following a mailed link confirms, as a mail scanner does",
        VIEWS,
        'if request.method == "POST":\n            wish, is_done',
        "if True:\n            wish, is_done",
        f"{PAGES}::test_a_visitor_counts_after_the_mailed_link",
    ),
    (
        "an address gets any number of mails",
        VIEWS,
        "    count_attempt(ASKS_FOR_EMAIL, email_key(email))\n",
        "",
        f"{PAGES}::test_a_stranger_can_not_make_us_send_many_mails_to_an_address",
    ),
]
