"""Moves shows that ended months ago, with their seats and bookings, to tables of their own."""
