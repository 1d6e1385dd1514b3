"""The room of cached values, which come from elsewhere and are kept fresh.

It knows no network, no JOSE and no OAuth: `now` and the loading are arguments.
"""
