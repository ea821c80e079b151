"""Configuration: currencies, feeds, instruments, groups, terms, hooks."""
