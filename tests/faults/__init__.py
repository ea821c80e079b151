"""Faults of disk, memory, process and bits around the shipped code, on real files.

disk_shim.c    asked before every write, sync and allocation of this process (LD_PRELOAD)
shim.py        builds it and starts the process again under it
platter.py     what is on a disk, and what is left of it after the power went
disk.py        a simulated disk: the shim's calls, a platter, faults
session.py     what the campaigns do with a node, and what must hold afterwards

power_cuts.py  the power goes at every point of a session
nth_fault.py   the Nth write, sync, allocation, malloc of a session fails; the disk fills up
kills.py       kill -9 of a real process
flips.py       flipped bits, cut and mixed files
"""
