"""Faults of disk, memory, process and bits around the shipped code, on real files.

disk_shim.c    asked before every write, sync and allocation of this process (LD_PRELOAD)
shim.py        builds it and starts the process again under it
platter.py     what is on a disk, and what is left of it after the power went
disk.py        a simulated disk: the shim's calls, a platter, faults
"""
