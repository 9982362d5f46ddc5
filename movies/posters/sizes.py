"""The widths in which a drawn poster is served as pixels."""

#: From a row of "my bookings" to a film's own page on a sharp screen.
WIDTHS = (176, 352, 528, 704)
