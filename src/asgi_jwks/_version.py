"""The version, in one place.

The build reads it, the User-Agent of key fetches carries it.
"""

__version__ = "0.1.0.dev0"
