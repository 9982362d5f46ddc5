"""Staff may only change accounts that have no more rights than their own account.

Otherwise they could set the password or email of such an account, log in and use its rights.
"""

from django.contrib.auth.models import Permission
from django.db.models import Q

from accounts.models import User


def may_change_account(actor: User, target: User) -> bool:
    """Whether the actor has all rights of the target. It makes no difference whether the target's
    account is closed: it may be opened again."""
    if actor.is_superuser or actor.pk == target.pk:
        return True
    if target.is_superuser or (target.is_manager and not actor.is_manager):
        return False
    return rights_of(target) <= rights_of(actor)


def rights_of(user: User) -> set[int]:
    """Ids of the permissions of a person and their groups, also of a closed account. A
    superuser's implicit permissions are not included."""
    given = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return set(given.values_list("pk", flat=True))
