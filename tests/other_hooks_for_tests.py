"""Another plug-in module, that decides otherwise. Nothing else may be here."""

from engine import vocabulary as v


def stops_apply(*values: int) -> tuple[int, int]:
    """Closes five points worse than offered."""
    return v.RET_OK, values[-1] - 5
