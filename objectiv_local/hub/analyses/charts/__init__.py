"""The charts of analyses: which of their numbers are drawn, and how they are named."""
