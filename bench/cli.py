"""What every benchmark's command line shares."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any


def command_line(
    description: str | None,
    run: Callable[..., dict[str, Any]],
    show: Callable[[dict[str, Any]], None],
) -> int:
    """Runs a benchmark: `--smoke` for tiny sizes, `--json` for a script."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: does it run")
    arguments = parser.parse_args()
    result = run(smoke=arguments.smoke)
    if arguments.json:
        json.dump(result, sys.stdout, indent=1)
        print()
        return 0
    print(", ".join(f"{name} {value}" for name, value in result["machine"].items()))
    show(result)
    return 0
