"""Faults under booking load: what dies is killed for real, on servers of the tests' own."""
