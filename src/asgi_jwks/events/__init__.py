"""The room of events: what happened, as frozen values, one module for each source.

It does not know how the changes come about, and who listens.
"""
