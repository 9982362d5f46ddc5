"""The invariants of invoices and credit notes: one query for each, as in `checks.py`."""

DOCUMENT_RULES: dict[str, str] = {
    "documents are numbered 1, 2, 3 … without a gap": """
        SELECT format('series %s, %s: %s documents, numbers %s to %s',
                      s.prefix, d.financial_year, count(*), min(d.number), max(d.number))
        FROM documents_taxdocument d JOIN documents_documentseries s ON s.id = d.series_id
        GROUP BY s.prefix, d.series_id, d.financial_year
        HAVING min(d.number) <> 1 OR max(d.number) <> count(*)
    """,
    # Workers write them every half minute; an hour later something is wrong.
    "money that was kept has an invoice after an hour": """
        SELECT format('payment %s of order %s, taken %s', p.id, p.order_id, p.captured_at)
        FROM payments_payment p
        LEFT JOIN documents_taxdocument d ON d.payment_id = p.id AND d.kind = 'INVOICE'
        WHERE p.state = 'CAPTURED' AND NOT p.surplus AND d.id IS NULL
          AND p.captured_at < clock_timestamp() - interval '1 hour'
    """,
    "a document's lines and rates add up, and an invoice is what was taken": """
        SELECT format('%s: total %s, lines %s, rates %s, money %s',
                      code, gross, lines, rates, money)
        FROM (
            SELECT d.code, d.gross, coalesce(r.amount, p.captured) AS money,
                   (SELECT sum((line ->> 'gross')::bigint)
                    FROM jsonb_array_elements(d.lines) line) AS lines,
                   (SELECT sum((rate ->> 'net')::bigint + (rate ->> 'tax')::bigint)
                    FROM jsonb_array_elements(d.rates) rate) AS rates
            FROM documents_taxdocument d
            JOIN payments_payment p ON p.show_id = d.show_id AND p.id = d.payment_id
            LEFT JOIN payments_refund r ON r.show_id = p.show_id AND r.id = d.refund_id
        ) sums
        WHERE gross <> lines OR gross <> rates OR gross <> money
    """,
}
