"""The plan: the meaning of a frame, as immutable typed values, independent of pandas, SQL and databases."""
