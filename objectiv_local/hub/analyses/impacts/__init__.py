"""Impact of features: who used what, adjusted scores, and changes after first use."""
