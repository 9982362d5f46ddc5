import pytest
from django.test import Client

from accounts.models import User
from tests.support.admin_site import errors_of, staff_client
from tests.support.api_client import ApiInProcess

pytestmark = pytest.mark.django_db
# EmailValidator accepts both, but no mail can be written to them: the first has a domain label of
# more than 63 characters once it is encoded, the second a letter that IDNA refuses.
UNSENDABLE = [f"x@{'é' * 60}.com", "x@\u05d01.com"]
REST = {"name": "Asha Rao", "password": "velvet-curtain-7"}


@pytest.mark.parametrize("address", UNSENDABLE)
def test_sign_up_refuses_an_address_that_no_mail_can_reach(client: Client, address: str) -> None:
    page = client.post("/accounts/signup/", {**REST, "email": address})
    assert page.status_code == 422
    assert "Write an email address, for example" in page.text
    reply = ApiInProcess(client).post("auth/signup", {**REST, "email": address})
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert not User.objects.exists()


def test_the_admin_refuses_an_address_that_no_mail_can_reach() -> None:
    client = staff_client()
    fields = {"email": UNSENDABLE[0], "name": "Asha"}
    assert "email" in errors_of(client.post("/admin/accounts/user/add/", fields))


def test_an_address_in_another_script_is_accepted(client: Client) -> None:
    client.post("/accounts/signup/", {**REST, "email": "asha@münchen.example"})
    assert User.objects.get().email == "asha@münchen.example"
