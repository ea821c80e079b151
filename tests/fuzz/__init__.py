"""Fuzzing: every parser of the product is given input that is not what it should be.

Nothing here may be imported by another test. `targets.py` names the parsers and what each
promises, `mutations.py` makes bad input out of good, `test_parsers.py` is the short form, and
`python -m tests.fuzz` the long one, guided by coverage where atheris is installed. Inputs that
once broke a promise are kept in `test_found.py`, in readable form.
"""
