"""Funnels: their arguments, attempts, steps, and the table of the result."""
