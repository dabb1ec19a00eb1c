"""Models and analyses over event frames of a table that no schema knows: on this library, in SQL by hand, and in Polars."""
