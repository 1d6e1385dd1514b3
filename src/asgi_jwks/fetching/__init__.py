"""The room of one bounded HTTP exchange: request, client, response.

It is the only room that knows an HTTP client, and it knows neither keys nor tokens.
"""
