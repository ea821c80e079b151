"""The settlement of a day: tables of what must come out, and what must be found."""
