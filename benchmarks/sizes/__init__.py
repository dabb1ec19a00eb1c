"""Benchmarks of long and wide programs: how building, compiling and running them grows with their size."""
