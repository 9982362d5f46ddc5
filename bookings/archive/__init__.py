"""Shows that ended long ago, with their seats and bookings, out of the tables that sell."""
