"""A person with a ticket, for the tests of both wallets."""

import pytest
from django.test import Client

from accounts.models import User
from bookings.models import Booking
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)


@pytest.fixture
def user() -> User:
    return make_user(name="Meera Iyer", email="meera@example.com")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ticket(user: User) -> Booking:
    cinema = make_cinema(name="Regal", timezone="America/New_York", city="Boston")
    show = make_show(screen=make_screen(cinema=cinema, name="Screen 2"), movie=make_movie("Amélie"))
    return make_booking(show, ["D2", "E1"], user=user)
