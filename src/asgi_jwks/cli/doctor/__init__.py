"""The room of `asgi-jwks doctor`: a client that examines an issuer and an API.

Each finding has the clause of the standard that it is about, and a remedy.
"""
