"""Credit of conversions: by rules over touches, and by a Markov chain."""
