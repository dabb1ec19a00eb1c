"""What anyone types first: some rows of the event frame, beside SQL by hand."""
