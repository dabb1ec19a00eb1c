"""Estimators that are fitted to frames by queries or by streaming rows."""
