"""Mutants of the outbox: mails sent twice, under two Message-IDs, too late, or never.

Each is: name, file, text, its replacement, and the test that must fail (tests/mutants).
"""

MODELS = "accounts/outbox/models.py"
SENDING = "accounts/outbox/sending.py"
SERVICES = "accounts/outbox/services.py"
TESTS = "accounts/outbox/tests"
OUTBOX = f"{TESTS}/test_outbox.py"
ONCE = f"{TESTS}/test_sending.py::test_many_senders_at_once_send_each_mail_once"

MUTANTS_OF_OUTBOX = [
    (
        "a message is claimed without a lock",
        SENDING,
        'Message.objects.select_for_update(skip_locked=True, of=("self",))',
        "Message.objects.all()",
        ONCE,
    ),
    (
        "a claimed message is claimed by others",
        MODELS,
        ".filter(free, channel=channel",
        ".filter(channel=channel",
        f"{TESTS}/test_mail_that_fails.py::"
        "test_no_transaction_is_open_and_the_try_is_counted_while_a_server_is_slow",
    ),
    (
        "each try has its own Message-ID",
        "accounts/outbox/mail.py",
        "hashlib.sha256(message.key.encode())",
        'hashlib.sha256(f"{message.key}{message.attempts}".encode())',
        f"{OUTBOX}::test_every_try_has_the_same_message_id",
    ),
    (
        "an event that is handled twice writes two messages",
        SERVICES,
        '"key": self.key,',
        '"key": f"{self.key}:{uuid.uuid4()}",',
        f"{OUTBOX}::test_a_key_is_written_once",
    ),
    (
        "a message is sent after its end",
        SENDING,
        "if message.expires_at and message.expires_at <= claimed_at:",
        "if False:",
        f"{OUTBOX}::test_a_message_is_not_sent_before_it_is_due_nor_after_its_end",
    ),
    (
        "endless tickets stop all reminders",
        SENDING,
        "_leads = cycle([0, 0, 0, 1, 0, 0, 0, 2])",
        "_leads = cycle([0])",
        f"{OUTBOX}::test_endless_tickets_delay_reminders_but_do_not_stop_them",
    ),
    (
        "two runs of mail fill both slots of a worker",
        "accounts/outbox/one_run.py",
        "yield file is not None",
        "yield True",
        "tests/processes/test_sweeper.py::test_sweeps_admissions_and_push_messages_go_on_while_mail_and_payments_are_stuck",
    ),
    (
        "a full server is tried for every mail",
        "accounts/outbox/mail.py",
        'b"4.2." not in _bytes(error.smtp_error)',
        "False",
        f"{TESTS}/test_killed_senders.py::"
        "test_a_server_that_takes_nothing_gets_few_tries_and_later_every_mail",
    ),
]
