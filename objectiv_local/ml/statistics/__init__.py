"""Statistics of the columns of a frame, for fitting: from one query, exact, and means and products of deviations."""
