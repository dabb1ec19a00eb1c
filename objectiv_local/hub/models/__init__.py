"""The models: functions over event frames, one topic per file."""
