"""RFC 7515 to 7518: bytes in, verified bytes or a usable key out.

The strict encodings, the compact serialization, JWKs and signature checks are here. It does no IO,
asks no clock, and does not know which access tokens are valid.
"""
