"""The console: a page of the mock issuer, for people who like to look.

It is served on loopback alone, by a server of its own, and the middleware does not know it.
"""
