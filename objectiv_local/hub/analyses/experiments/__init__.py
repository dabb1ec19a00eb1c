"""Experiments: exposures, metrics, and the statistics of their comparison."""
