"""The room of cached values: what is had from elsewhere and kept fresh.

It knows no network, no JOSE and no OAuth: `now` and the loading are arguments.
"""
