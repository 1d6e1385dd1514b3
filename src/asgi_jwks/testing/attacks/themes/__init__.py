"""The attacks of the corpus, one module for each part of a request or token."""
