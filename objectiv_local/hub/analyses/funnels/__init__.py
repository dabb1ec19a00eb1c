"""Funnels: what is asked, attempts and their steps, and the table of the result."""
