"""Experiments on several hosts: network namespaces of this machine, each with its own processes."""
