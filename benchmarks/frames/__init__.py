"""Benchmarks of everyday frame programs: how long they take to compile, and to run."""
