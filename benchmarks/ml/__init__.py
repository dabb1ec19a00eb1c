"""The scikit-learn bridge against fetching all rows and working in memory: see :mod:`benchmarks.ml.tasks`."""
