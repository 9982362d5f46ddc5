from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """One round, for tests: the site under test verifies its hashes, for the rounds are in them."""

    iterations = 1
