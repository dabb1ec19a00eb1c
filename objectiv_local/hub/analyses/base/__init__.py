"""The base of all analyses: their result, the events that count, periods, breakdowns, charts and specs."""
