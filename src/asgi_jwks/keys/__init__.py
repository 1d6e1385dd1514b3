"""The room of verification keys: their sources, and how long they are trusted.

Here are remote and given keys, discovery, snapshots, and the list of distrusted keys.
It does not know tokens, claims, and the web framework.
"""
