"""A reference engine in memory: the meaning of a plan, written to be obviously correct and without SQL.

The SQL engines are compared with its results. It is deliberately slow: one value at a time, nothing shared.
"""

from reference.engine import evaluate
from reference.values import Failure, Json

__all__ = ["Failure", "Json", "evaluate"]
