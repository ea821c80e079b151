"""All benchmarks, one after the other, each in a process of its own: `make bench`.

`python -m bench [--smoke] [--out DIR] [NAME ...]`

Each result goes into a file of its own, named by benchmark, time and commit; results are
kept, also those that got worse. Then the tables of docs/benchmarks.md are made anew
from the newest (`python -m bench.table` does that alone).
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from bench import ROOT
from bench.table import RESULTS, render_page

NAMES = ("ticks", "orders", "matching", "journal", "replay", "snapshot", "recovery")


def run(name: str, smoke: bool, folder: Path) -> Path:
    """Runs one benchmark and writes its result. Raises `CalledProcessError` if it fails."""
    command = [sys.executable, "-m", f"bench.{name}", "--json", *(["--smoke"] if smoke else [])]
    started = time.gmtime()
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    result = {"date": time.strftime("%Y-%m-%d %H:%M", started), **json.loads(output.stdout)}
    commit = str(result["machine"]["commit"]).replace("+", "-changed")
    path = folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S', started)}-{commit}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description="Runs the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, not for the page")
    parser.add_argument("--out", type=Path, help="folder of the results (default bench/results)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(NAMES)}")
    if arguments.smoke and arguments.out is None:
        parser.error("--smoke needs --out: tiny results are not kept in bench/results")
    folder: Path = arguments.out or RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or NAMES:
        print(f"{name} ...", flush=True)
        try:
            print(f"  {run(name, arguments.smoke, folder)}", flush=True)
        except subprocess.CalledProcessError as error:
            print(f"bench: {name} failed with exit code {error.returncode}", file=sys.stderr)
            return 1
    if arguments.out is None:
        render_page()
        print("docs/benchmarks.md has the new figures")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
