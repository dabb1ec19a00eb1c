"""The models: functions over frames of events, one topic per file."""
