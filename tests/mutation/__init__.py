"""Mutation testing: small faults are put into the source, and the tests must notice each one."""
