"""Tickets that a browser keeps for places without a network (docs/spec.md §21)."""
