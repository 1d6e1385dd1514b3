"""Frameworks with conventions of their own: one module for each.

A framework is imported in its module only. How tokens are found, judged and answered is decided
elsewhere, so that all frameworks have the same policy.
"""
