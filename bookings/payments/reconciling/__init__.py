"""Looks again later: undecided payments, providers' events, disputes, the daily comparison."""
