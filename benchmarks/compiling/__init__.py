"""Long and wide programs: how building, compiling and running them grows with their size; some of them in Ibis too."""
