from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """One iteration, for fast tests. The site can check the hashes, which store the iterations."""

    iterations = 1
