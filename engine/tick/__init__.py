"""The way of a tick: receive, mark, detect, stops, activate, stop-out."""
