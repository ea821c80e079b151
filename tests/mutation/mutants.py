"""Small changes of a source file, each in one place: what a slip of the hand could have made.

This file may read Python and say what could be changed in it; it changes no file.

A mutant replaces one stretch of one line, so it can be shown as a line before and after.
Left alone are assertions (true in all states that can be reached, so nothing could notice;
`strict=True` is one), what only a reader or a type checker sees, and the text of messages.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "//"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}


@dataclass(frozen=True, order=True)
class Mutant:
    """`file` with the columns `start` to `end` of line `line` (from 1) replaced by `text`."""

    file: str
    line: int
    start: int
    end: int
    text: str
    whole: str
    """The line as it is."""

    @property
    def before(self) -> str:
        return self.whole.strip()

    @property
    def after(self) -> str:
        return self._changed().strip()

    def _changed(self) -> str:
        return self.whole[: self.start] + self.text + self.whole[self.end :]

    def applied_to(self, source: str) -> str:
        """The whole source with the change."""
        lines = source.split("\n")
        assert lines[self.line - 1] == self.whole, f"{self.file}:{self.line} is another line"
        lines[self.line - 1] = self._changed()
        return "\n".join(lines)

    def shown(self) -> str:
        return f"{self.file}:{self.line}\n  - {self.before}\n  + {self.after}"


def mutants_of(path: Path, name: str) -> list[Mutant]:
    """Every mutant of a file, in the order of the lines."""
    source = path.read_text(encoding="utf-8")
    lines = source.split("\n")
    places = _Finder(lines).places(ast.parse(source))
    return sorted({Mutant(name, *place, whole=lines[place[0] - 1]) for place in places})


Place = tuple[int, int, int, str]
"""Line, first and last column, new text."""


class _Finder:
    """Walks a tree; `lines` are those of its source (without wide characters in code)."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def places(self, node: ast.AST) -> Iterator[Place]:
        if isinstance(node, ast.Assert | ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return
        yield from self.of(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self.places(child)

    def of(self, node: ast.AST) -> Iterator[Place]:
        """The changes of this node itself."""
        if isinstance(node, ast.Compare):
            yield from self.of_comparison(node)
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            old, new = OPERATORS[type(node.op)]
            yield from self.between(node.left, node.right, old, new)
        elif isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from self.between(left, right, old, new)
        elif isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
            old, new = OPERATORS[type(node.op)]
            yield from self.between(node.target, node.value, old + "=", new + "=")
        elif isinstance(node, ast.UnaryOp):
            yield from self.without_its_sign(node)
        elif isinstance(node, ast.Constant):
            yield from self.of_constant(node)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            yield from self.never(node.test)
        if isinstance(node, ast.stmt):
            yield from self.left_out(node)

    def of_comparison(self, node: ast.Compare) -> Iterator[Place]:
        operands = [node.left, *node.comparators]
        for left, right, operator in zip(operands, operands[1:], node.ops, strict=False):
            old, others = COMPARISONS[type(operator)]
            for new in others:
                yield from self.between(left, right, old, new)

    def between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Place]:
        """The operator between two expressions, where all is on one line."""
        line, start, end = left.end_lineno or 0, left.end_col_offset or 0, right.col_offset
        if line != right.lineno:
            at = self.lines[right.lineno - 1][:end].find(old)
            if at < 0 or right.lineno != line + 1:
                return
            line, start = right.lineno, at
        at = self.lines[line - 1].find(old, start, end)
        if at >= 0:
            yield line, at, at + len(old), new

    def without_its_sign(self, node: ast.UnaryOp) -> Iterator[Place]:
        sign = {ast.USub: "-", ast.Not: "not ", ast.Invert: "~"}.get(type(node.op))
        if sign is not None:
            yield node.lineno, node.col_offset, node.col_offset + len(sign), ""

    def of_constant(self, node: ast.Constant) -> Iterator[Place]:
        end = node.end_col_offset or 0
        if isinstance(node.value, bool):
            yield node.lineno, node.col_offset, end, str(not node.value)
        elif isinstance(node.value, int):
            yield node.lineno, node.col_offset, end, str(node.value + 1)

    def never(self, test: ast.expr) -> Iterator[Place]:
        """The condition is never true."""
        if test.lineno == test.end_lineno:
            yield test.lineno, test.col_offset, test.end_col_offset or 0, "False"

    def left_out(self, node: ast.stmt) -> Iterator[Place]:
        """The statement does nothing; a loop goes on where it would end, or ends."""
        if node.lineno != node.end_lineno:
            return
        place = node.lineno, node.col_offset, node.end_col_offset or 0
        if isinstance(node, ast.Break):
            yield *place, "continue"
        elif isinstance(node, ast.Continue):
            yield *place, "break"
        elif isinstance(node, ast.Expr | ast.AugAssign) or (
            isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name)
        ):
            yield *place, "pass"
