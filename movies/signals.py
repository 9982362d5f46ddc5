"""What other apps may want to hear of the catalogue, beside Django's own signals."""

from django.dispatch import Signal

#: Many films were written by statements that send no `post_save`; sent inside the transaction.
films_imported = Signal()
