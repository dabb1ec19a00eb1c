"""The plan: what a frame means, as immutable typed values. It knows nothing of pandas, SQL text or databases."""
