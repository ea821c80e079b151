"""Everything impure: files, sockets, the wall clock, wire formats, the command line."""
