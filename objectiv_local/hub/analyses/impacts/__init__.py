"""Impact of features: the users of each feature, adjusted scores, and changes after the first use."""
