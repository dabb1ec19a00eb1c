"""The models of the hub against hand-written SQL and the original release: see :mod:`benchmarks.models.workloads`."""
