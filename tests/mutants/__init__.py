"""Mutants: each removes one protection from a copy of the project, and a test must then fail.

A mutant is: name, file, text, its replacement, and the test that must fail.
"""
