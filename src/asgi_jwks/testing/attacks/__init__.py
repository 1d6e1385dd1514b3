"""The attack corpus, and how it is carried out against an application."""
