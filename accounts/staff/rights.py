"""Staff may change the accounts of people who have no more rights than they have themselves.

Otherwise they could set a password or an email, log in with it, and have those rights.
"""

from django.contrib.auth.models import Permission
from django.db.models import Q

from accounts.models import User


def may_change_account(actor: User, target: User) -> bool:
    """Whether all that the target may do, open or closed, is part of what the actor may do."""
    if actor.is_superuser or actor.pk == target.pk:
        return True
    if target.is_superuser or (target.is_manager and not actor.is_manager):
        return False
    return rights_of(target) <= rights_of(actor)


def rights_of(user: User) -> set[int]:
    """The permissions given to a person or to a group of theirs, also where the account is closed:
    it may be opened again. Superusers have more than this says."""
    given = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return set(given.values_list("pk", flat=True))
