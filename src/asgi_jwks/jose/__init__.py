"""The room of RFC 7515 to 7518: bytes in, verified bytes or a usable key out.

What lives only here: the strict encodings, the compact serialization, JWKs and signature checks.
What it does not know: clocks, IO, HTTP, configuration, and what a valid access token is.
"""
