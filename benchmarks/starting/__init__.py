"""What it costs to start: importing the package, and building a program and its SQL."""
