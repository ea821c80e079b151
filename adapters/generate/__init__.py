"""Generated trading days and clients, for demonstrations and trials. Never real data."""
