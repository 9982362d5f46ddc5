"""The widths, in pixels, in which a drawn poster is served as WebP."""

#: From a row of "my bookings" to a film's page on a high-resolution screen.
WIDTHS = (176, 352, 528, 704)
