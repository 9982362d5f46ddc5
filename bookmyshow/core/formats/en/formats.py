"""How Django writes a moment where nothing says otherwise: 22 Nov 2026, 19:45, as on the site."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j M Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
