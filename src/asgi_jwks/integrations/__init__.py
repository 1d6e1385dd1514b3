"""The room of other people's frameworks: one module for each that needs more than the middleware.

What lives only here: what a framework's own conventions ask for, and the imports of that framework.
What it does not know: how tokens are found, judged and answered; every skin has the same policy.
"""
