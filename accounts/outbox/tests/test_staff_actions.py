"""What staff see of messages, and do about them."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.outbox.mail import message_id
from accounts.outbox.models import Message, State
from accounts.outbox.sending import send_due
from accounts.outbox.services import mark_handled, send_again, write
from accounts.staff.roles import BOX_OFFICE, READ_ONLY
from tests.support.admin_site import staff_client
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/outbox/message/"


@pytest.fixture
def staff() -> User:
    return make_user(is_staff=True)


@pytest.fixture
def message() -> Message:
    write("password-changed", key="1", user=make_user("asha@example.com"), data={"changed_at": ""})
    return Message.objects.get()


def give_up(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(
        given_up_at=timezone.now(), last_error="550 no such user"
    )


def test_a_sent_mail_goes_again_as_another_mail(message: Message, staff: User) -> None:
    send_due()
    message.refresh_from_db()
    assert send_again(message, by=staff)
    assert send_due().sent == 1
    assert [each.to for each in mail.outbox] == [["asha@example.com"]] * 2
    first, second = Message.objects.order_by("pk")
    assert first.sent_at
    assert message_id(first) != message_id(second)


def test_a_mail_that_was_given_up_is_tried_again_for_days(message: Message, staff: User) -> None:
    long_ago = timezone.now() - timedelta(days=30)
    Message.objects.update(due_at=long_ago, created_at=long_ago)
    give_up(message)
    assert send_again(message, by=staff)
    message.refresh_from_db()
    assert message.state == State.WAITING
    assert message.due_at > long_ago + timedelta(days=29)
    assert send_due().sent == 1


def test_a_message_whose_time_has_passed_is_not_sent_again(message: Message, staff: User) -> None:
    Message.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not send_again(message, by=staff)
    assert not LogEntry.objects.exists()


def test_a_handled_message_is_not_sent_any_more(message: Message, staff: User) -> None:
    give_up(message)
    assert mark_handled(message, by=staff, reason="called her")
    assert not mark_handled(message, by=staff, reason="called her")
    assert send_due().sent == 0
    message.refresh_from_db()
    assert (message.state, message.handled_by) == (State.HANDLED, staff)
    assert LogEntry.objects.get().change_message == "Message marked as handled (called her)."


def test_staff_mark_as_handled_in_the_list_and_must_say_why(message: Message) -> None:
    give_up(message)
    client = staff_client()
    action = {"action": "mark_handled", "_selected_action": [message.pk], "reason": " "}
    assert "Write why" in client.post(LIST, action, follow=True).text
    message.refresh_from_db()
    assert message.state == State.GIVEN_UP
    answer = client.post(LIST, action | {"reason": "called her"}, follow=True).text
    assert "1 message marked as handled." in answer
    page = client.get(LIST, {"state": "handled"}).text
    assert "Handled by staff" in page
    assert "Password changed" in page
    assert "1 left as they are" in client.post(LIST, action | {"reason": "x"}, follow=True).text


def test_the_list_is_found_by_person_state_kind_and_channel(message: Message) -> None:
    client = staff_client()
    for found, query in (
        (1, {"q": "asha@example.com"}),
        (0, {"q": "ravi@example.com"}),
        (1, {"state": "waiting", "kind": "password-changed", "channel__exact": "mail"}),
        (0, {"state": "sent"}),
        (0, {"kind": "confirm-email"}),
        (0, {"channel__exact": "push"}),
    ):
        page = client.get(LIST, query).text
        assert page.count('name="_selected_action"') == found, query


def test_the_export_has_one_value_in_each_column(message: Message) -> None:
    give_up(message)
    answer = staff_client().get("/admin/export/outbox/message/", {"state": "given-up"})
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("created_at,channel,kind,customer,email")
    assert "asha@example.com" in lines[1]
    assert "550 no such user" in lines[1]


@pytest.mark.parametrize(("role", "may"), [(BOX_OFFICE, True), (READ_ONLY, False)])
def test_who_may_act(message: Message, role: str, may: bool) -> None:
    person = make_user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    client = Client()
    # A change of rights ends sessions; the row has the new version.
    client.force_login(User.objects.get(pk=person.pk))
    page = client.get(LIST).text
    assert "asha@example.com" in page
    assert ('value="mark_handled"' in page) == may
    client.post(LIST, {"action": "send_again", "_selected_action": [message.pk]})
    assert LogEntry.objects.filter(user=person).exists() == may
