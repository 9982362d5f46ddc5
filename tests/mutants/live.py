"""Mutants of the live seat map: each takes away one rule of docs/spec.md §23 (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

SHOW = "bookmyshow/serving/live/show.py"
HUB = "bookmyshow/serving/live/hub.py"
SERVER = "bookmyshow/serving/live/server.py"
CURRENT = "shows/seatmap/current.py"
OF_SHOW = "bookmyshow/serving/live/tests/test_show.py"
OF_PROCESS = "tests/processes/test_live_map.py"
LIMITED = (
    "test_shows_that_nobody_watched_are_read_at_a_limited_rate_and_others_take_nothing_from_them"
)
PUBLISHED = "shows/seatmap/tests/test_published.py"
PAGE = "static/js/seatmap/live.js"
IN_BROWSERS = "tests/browser/test_live_map.py"
PRESSES = "tests/browser/test_presses.py"
POLLED = "tests/browser/test_seatmap.py"

MUTANTS_OF_LIVE = [
    (
        "a watched show is read only after messages",
        SHOW,
        "await asyncio.wait_for(self._changed.wait(), good_for)",
        "await self._changed.wait()",
        f"{OF_PROCESS}::test_a_change_that_nobody_published_is_found_by_the_read_of_every_five"
        "_seconds",
    ),
    (
        "a lapse is not read when it is due",
        SHOW,
        "await asyncio.wait_for(self._changed.wait(), good_for)",
        "await asyncio.wait_for(self._changed.wait(), 5)",
        f"{OF_SHOW}::test_a_lapse_is_read_when_it_is_due_and_nothing_before",
    ),
    (
        "each change is a read",
        SHOW,
        "            await asyncio.sleep(max(began + self._pace.gap - time.monotonic(), 0))\n",
        "",
        f"{OF_SHOW}::test_many_changes_in_a_moment_are_one_read_and_one_event",
    ),
    (
        "a change during a read is forgotten",
        SHOW,
        "            good_for = await self._read_and_tell()\n",
        "            good_for = await self._read_and_tell()\n            self._changed.clear()\n",
        f"{OF_SHOW}::test_a_change_during_a_read_is_read_afterwards",
    ),
    (
        "a difference leads over a change of the price",
        SHOW,
        "            self._known.clear()\n",
        "            pass\n",
        f"{OF_SHOW}::test_who_shows_an_older_version_gets_one_difference_and_others_a_reload",
    ),
    (
        "a slow reader is kept",
        SERVER,
        "        self.transport.abort()\n\n    def _cut",
        "\n    def _cut",
        f"{OF_PROCESS}::test_a_slow_reader_is_cut_and_keeps_nobody_waiting",
    ),
    (
        "a show that does not exist is read each time",
        HUB,
        "        if self._unknown.get(show_id, 0) > time.monotonic():\n"
        "            raise Show.DoesNotExist\n",
        "",
        f"{OF_SHOW}::test_a_show_that_is_gone_ends_its_streams_and_is_not_asked_for_again",
    ),
    (
        "shows that nobody watched are read without a limit",
        HUB,
        "        if not self._first_reads.take(show_id):\n",
        "        if False:\n",
        f"{OF_SHOW}::{LIMITED}",
    ),
    (
        "ids of no show use up the reads of others",
        "bookmyshow/serving/live/first_reads.py",
        "(self._of_coming if is_coming else self._of_others)",
        "self._of_coming",
        f"{OF_SHOW}::{LIMITED}",
    ),
    (
        "one client keeps all places",
        "bookmyshow/serving/live/places.py",
        "if not self.most or self._highest <= own:",
        "if True:",
        f"{OF_SHOW}::test_a_full_process_takes_a_place_from_the_network_that_has_the_most",
    ),
    (
        "changes are not heard again after the cache server was away",
        "bookmyshow/serving/live/subscription.py",
        "        while True:\n            try:\n                await self._listen()",
        "        for _ in range(1):\n            try:\n                await self._listen()",
        f"{OF_PROCESS}::test_without_the_cache_server_the_map_stays_right_and_later_changes_are"
        "_heard_again",
    ),
    (
        "a change is published before the commit",
        "bookings/holds.py",
        "        transaction.on_commit(partial(seatmap.forget, request.show_id))\n",
        "        seatmap.forget(request.show_id)\n",
        f"{PUBLISHED}::test_a_commit_publishes_the_show_after_its_pointer_is_gone",
    ),
    (
        "the streams end all at once",
        SERVER,
        "        await self._hub.end_all(ENDING_SECONDS)\n",
        "        await self._hub.end_all(0)\n",
        f"{OF_PROCESS}::test_too_many_streams_and_too_many_shows_at_once_are_sent_back_to_the_poll",
    ),
    (
        "the answer to an earlier poll undoes a change",
        PAGE,
        "  dropPoll();\n  if (change.from",
        "  if (change.from",
        f"{IN_BROWSERS}::test_the_answer_to_an_earlier_poll_does_not_undo_a_change",
    ),
    (
        "the poll goes on beside the stream",
        PAGE,
        'told !== "" && told === shown()',
        "false",
        f"{IN_BROWSERS}::test_a_hold_in_one_browser_is_on_the_others_screen_without_a_poll",
    ),
    (
        "a stream that is silent is believed",
        PAGE,
        "stream && Date.now() - heardAt > SILENCE_MS",
        "false",
        f"{IN_BROWSERS}::test_a_stream_that_is_silent_is_given_up_for_polls",
    ),
    (
        "a stream that broke is not tried again",
        PAGE,
        "  retry = setTimeout(open, pause());\n",
        "",
        f"{IN_BROWSERS}::test_without_the_process_the_page_polls_and_later_comes_back_to_the_stream",
    ),
    (
        "one's own hold looks as if somebody else had taken the seats",
        PAGE,
        "    isHolding = true;\n    close();\n",
        "",
        f"{IN_BROWSERS}::test_a_hold_of_ones_own_is_not_announced_as_lost_while_it_is_sent",
    ),
    (
        "a hidden page keeps its stream",
        PAGE,
        "if (document.hidden || isFinal()",
        "if (isFinal()",
        f"{IN_BROWSERS}::test_a_hidden_page_has_no_stream_and_is_right_when_it_is_looked_at",
    ),
    (
        "each window of a browser has a stream",
        PAGE,
        "  withPlace(place.signal, connect);\n",
        "  connect();\n",
        f"{IN_BROWSERS}::test_three_windows_of_a_browser_have_a_stream_and_the_others_poll",
    ),
    (
        "a seat that was released stays the viewer's own in the stream",
        "static/js/seatmap/changes.js",
        "  forgetOwn(seat.value);\n",
        "",
        f"{IN_BROWSERS}::test_the_viewers_own_seats_stay_chosen_until_they_are_released",
    ),
    (
        "a seat that was released stays the viewer's own in polls",
        "static/js/seatmap/polling.js",
        'else if (isOwn && !after.classList.contains("own"))',
        "else if (false)",
        f"{POLLED}::test_a_hold_made_in_another_tab_is_ones_own_here_too_and_so_is_its_end",
    ),
    (
        "a page changes while a control is pressed",
        "static/js/press.js",
        "  if (waiting) waiting.push(change);\n  else change();",
        "  change();",
        f"{PRESSES}::test_continue_is_heard_while_the_map_learns_that_the_show_is_sold_out",
    ),
    (
        "a page changes between the lift of a finger and its click",
        "static/js/press.js",
        "endIn(CLICK_MS)",
        "endIn(0)",
        f"{PRESSES}::test_a_change_waits_for_the_click_that_comes_after_a_finger_is_lifted",
    ),
]
