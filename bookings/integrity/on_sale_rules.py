"""The invariants of on-sales: one query for each, as in `checks.py` (docs/spec.md §24)."""

ON_SALE_RULES: dict[str, str] = {
    "a show needs the pass of the on-sale that covers it": """
        SELECT format('show %s names on-sale %s (%s; closed: %s)',
                      w.id, o.id, o.mode, w.sale_closed)
        FROM shows_show w JOIN waiting_room_onsale o ON o.id = w.on_sale_id
        WHERE o.mode = 'OFF' OR w.sale_closed <> (o.mode = 'CLOSED')
           OR (o.show_id = w.id OR o.movie_id = w.movie_id) IS NOT TRUE
        UNION ALL
        SELECT format('show %s is covered by on-sale %s and needs no pass', w.id, o.id)
        FROM waiting_room_onsale o
        JOIN shows_show w ON w.id = o.show_id OR w.movie_id = o.movie_id
        WHERE o.mode <> 'OFF' AND w.on_sale_id IS NULL
          AND w.status = 'SCHEDULED' AND w.starts_at > clock_timestamp()
    """,
    "turns follow from the draw and from arrivals": """
        SELECT format('place %s of on-sale %s has number %s of %s and turn %s of %s',
                      p.id, o.id, p.number, a.last, p.turn, o.early)
        FROM waiting_room_place p
        JOIN waiting_room_onsale o ON o.id = p.on_sale_id
        LEFT JOIN waiting_room_arrivals a ON a.on_sale_id = o.id
        WHERE a.last IS NULL OR p.number > a.last OR o.early > a.last
           OR p.turn IS NOT NULL AND (o.early IS NULL
              OR CASE WHEN p.number > o.early OR o.seed = '' THEN p.turn <> p.number
                      ELSE p.turn NOT BETWEEN 1 AND o.early END)
    """,
    "people are called by their turns": """
        SELECT format('place %s of on-sale %s has turn %s and was %scalled; called up to %s',
                      p.id, o.id, p.turn, CASE WHEN p.called_at IS NULL THEN 'not ' END,
                      o.called_upto)
        FROM waiting_room_place p JOIN waiting_room_onsale o ON o.id = p.on_sale_id
        WHERE p.called_at IS NOT NULL AND p.turn > o.called_upto
           -- A place that was being written when its turn came is called a little later.
           OR p.called_at IS NULL AND p.turn < o.called_upto
              AND o.looked_at > p.joined_at + interval '1 minute'
    """,
}
