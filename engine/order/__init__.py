"""The way of an order: admit, freeze, match, fill, release, position, settle."""
