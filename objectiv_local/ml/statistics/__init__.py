"""Statistics of the columns of a frame, for fitting: by one query, exactly, and as moments."""
