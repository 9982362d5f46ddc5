"""The invariant of the schedule: one query, as in `checks.py` (docs/spec.md §3.4).

That two shows don't overlap follows from it and from the constraint on screen times.
"""

SCHEDULE_RULES: dict[str, str] = {
    "a scheduled show has its screen from its start to the end of the cleaning": """
        SELECT format('show %s has %s; its screen time says %s',
                      coalesce(w.id, t.show_id), coalesce(w.said, 'no screen'),
                      coalesce(t.said, 'nothing'))
        FROM (
            SELECT id, format('screen %s, %s to %s', screen_id, starts_at, busy_until) AS said
            FROM shows_show WHERE status = 'SCHEDULED'
        ) w
        FULL JOIN (
            SELECT show_id, format('screen %s, %s to %s', screen_id, starts_at, busy_until) AS said
            FROM shows_screentime
        ) t ON t.show_id = w.id
        WHERE w.said IS DISTINCT FROM t.said
    """,
}
