"""An engine in memory: what a plan means, written for obviousness and without any SQL.

It gives the answers that the SQL engines are held against. It is slow on purpose: one value at a time, no sharing.
"""

from reference.engine import evaluate
from reference.values import Failure, Json

__all__ = ["Failure", "Json", "evaluate"]
