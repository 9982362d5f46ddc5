"""The demo's accounts. `make run` gives them a public password, if SITE_URL is this machine."""

import random

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from accounts.staff.roles import BOX_OFFICE

PUBLIC_PASSWORD = "popcorn-and-a-show"
CUSTOMER_EMAIL = "demo@bookmyshow.example"
STAFF_EMAIL = "staff@bookmyshow.example"
CLERK_EMAIL = "clerk@bookmyshow.example"

CROWD_DOMAIN = "crowd.bookmyshow.example"
FIRST_NAMES = """
    Aarav Aisha Ananya Arjun Charlotte Daniel Deepa Diya Emily Farhan Grace Harpreet Imran Ishaan
    Kavya Lakshmi Manoj Meera Nikhil Oliver Priya Rahul Rohan Sana Sneha Sophie Tanvi Vikram
"""
LAST_NAMES = """
    Bhat Chatterjee Clarke Desai Fernandes Gowda Iyer Khan Menon Nair Patel Rao Sharma Singh
"""
CROWD_SIZE = 120


def create_accounts(password: str) -> int:
    """Create a customer, a superuser, a clerk, and CROWD_SIZE customers who can't log in.

    `sales.sell` makes bookings in the names of the CROWD_SIZE customers. Returns the number of
    accounts.
    """
    for create, email, name in (
        (User.objects.create_user, CUSTOMER_EMAIL, "Demo Customer"),
        (User.objects.create_superuser, STAFF_EMAIL, "Demo Staff"),
    ):
        create(email, password, name=name, email_confirmed_at=timezone.now())
    clerk = User.objects.create_user(
        CLERK_EMAIL, password, name="Demo Clerk", is_staff=True, email_confirmed_at=timezone.now()
    )
    clerk.groups.add(Group.objects.get(name=BOX_OFFICE))
    everyone = [f"{first} {last}" for first in FIRST_NAMES.split() for last in LAST_NAMES.split()]
    names = random.Random("crowd").sample(everyone, CROWD_SIZE)
    crowd = User.objects.bulk_create(
        User(
            email=f"{name.lower().replace(' ', '.')}@{CROWD_DOMAIN}",
            name=name,
            # An unusable password, which takes no time to hash.
            password=make_password(None),
        )
        for name in names
    )
    return len(crowd) + 3


def staff() -> User | None:
    """The demo's superuser; None if somebody has deleted or renamed the account."""
    return User.objects.filter(email=STAFF_EMAIL).first()


def crowd() -> list[User]:
    """The customers who can't log in."""
    return list(User.objects.filter(email__endswith=f"@{CROWD_DOMAIN}").order_by("pk"))


def customer() -> User:
    return User.objects.get(email=CUSTOMER_EMAIL)


def clerk() -> User | None:
    """The clerk. None if the demo was made before it had one."""
    return User.objects.filter(email=CLERK_EMAIL).first()
