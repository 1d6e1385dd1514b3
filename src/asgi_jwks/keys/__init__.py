"""The room of trust in keys: where verification keys come from, and how long they are trusted.

What lives only here: fetching, discovery, freshness, snapshots, given keys, and their events.
What it does not know: tokens, claims, and the web framework.
"""
