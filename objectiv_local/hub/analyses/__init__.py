"""Analyses: questions about users over time, each answered by a frame, its definition, and the users of every cell."""
