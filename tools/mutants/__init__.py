"""Mutation testing: small changes to the source, and whether the tests notice."""
