"""Long campaigns: what they share, and the run of all of them (`make soak`)."""
