"""The charts of analyses: the numbers that they draw, and their labels."""
