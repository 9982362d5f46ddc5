"""Faults under booking load. Servers and processes are really killed; the tests have their own."""
