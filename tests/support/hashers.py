from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """One round, for fast tests. The site can verify the hashes, because they name the rounds."""

    iterations = 1
