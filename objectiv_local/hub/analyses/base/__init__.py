"""What all analyses share: the result, the events that count, periods, breakdowns, charts and specs."""
