"""Style as a test. The limits are ratchets: an exception is listed, and may only shrink."""

import ast
import re
from pathlib import Path

import pytest

from engine import records, reject_codes, vocabulary
from tests.conftest import ROOT
from tests.source_files import PACKAGES, files, name, tree

pytestmark = pytest.mark.once

PRODUCT = [*files(*PACKAGES, "bench"), ROOT / "setup.py"]
SOURCES = [*PRODUCT, *files("tests")]
MOST_COLUMNS = 100
MOST_LINES = 400
MOST_LINES_OF_A_TEST = 700
"""Of a file of tests: tables grow by rows."""
LONGER_FILES = {
    "engine/common_events.py": 520,
    "engine/order/admit.py": 420,
    "adapters/config.py": 440,
}
"""The first is a table that one looks things up in: an entry an event.
The others are one list of checks each, in the order in which they are made.
"""
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_TEST_FUNCTION = 80
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b|raise NotImplemented[E]rror")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_source_is_tidy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    limit = MOST_LINES if path in PRODUCT else MOST_LINES_OF_A_TEST
    most = LONGER_FILES.get(name(path), limit)
    assert len(lines) <= most, f"{len(lines)} lines; would a reader find the way in it?"
    for number, line in enumerate(lines, 1):
        assert len(line) <= MOST_COLUMNS or path not in PRODUCT, f"line {number} is too long"
        assert line == line.rstrip(), f"line {number} ends in white space"
        assert not UNFINISHED.search(line), f"line {number} is unfinished"
    assert not lines or ast.get_docstring(tree(path)), "the module opens with what it is for"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_fit_a_screen(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            product = path in PRODUCT
            most = MOST_LINES_OF_A_FUNCTION if product else MOST_LINES_OF_A_TEST_FUNCTION
            assert length <= most, f"line {node.lineno}: {node.name} has {length} lines"


QUICK_PARTS = ("book", "exchange", "order", "tick")
SLOW_FILES = ("state.py", "invariants.py")


@pytest.mark.parametrize("path", [p for p in PRODUCT if p.parent.name in QUICK_PARTS], ids=name)
def test_no_choice_between_a_literal_and_a_variable_makes_an_object(path: Path) -> None:
    """`x if wanted else 0` is an `int` to mypyc, and costs an object each time; `if` is not."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.IfExp) and path.name not in SLOW_FILES:
            one_is_a_literal = is_literal(node.body) != is_literal(node.orelse)
            assert not one_is_a_literal, f"line {node.lineno}: {ast.unparse(node)}"


def is_literal(node: ast.expr) -> bool:
    """A number that is written out, or a constant with one."""
    if isinstance(node, ast.UnaryOp):
        return is_literal(node.operand)
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    if isinstance(node, ast.IfExp):
        return is_literal(node.body) and is_literal(node.orelse)
    word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return word.isupper()


def test_every_exception_is_still_needed() -> None:
    for file, most in LONGER_FILES.items():
        length = len((ROOT / file).read_text(encoding="utf-8").splitlines())
        assert length > MOST_LINES, f"{file} has {length} lines: take it off the list"
        assert length > most - 50, f"{file} has {length} lines: lower its limit of {most}"


@pytest.mark.parametrize(
    "path", [p for p in files("tests") if p.name.startswith("test_")], ids=name
)
def test_names_of_tests_are_sentences(path: Path) -> None:
    """Where a test is a table, its rows say the rest."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            is_table = any("parametrize" in ast.dump(each) for each in node.decorator_list)
            words = node.name.removeprefix("test_").split("_")
            assert len(words) >= 3 or is_table, f"line {node.lineno}: {node.name} is no sentence"


def test_the_project_speaks_of_the_product_alone() -> None:
    machines = re.compile(r"/(work|tmp|root|home)/[a-z]|https?://[a-z.]*pypi")
    shown = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *SOURCES, ROOT / "Makefile"]
    for path in shown:
        if path.name == "test_tidy.py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not machines.search(line), f"{name(path)}:{number}: a path or host: {line}"


# ---------------------------------------------------------------- words for numbers


def constants(module: object) -> dict[str, int]:
    """The integer constants of a module."""
    return {
        key: value
        for key, value in vars(module).items()
        if key.isupper() and isinstance(value, int) and not isinstance(value, bool)
    }


CODES = constants(reject_codes)
WORDS = constants(vocabulary)


def test_every_reject_code_has_a_number_of_its_own_and_a_sentence() -> None:
    assert sorted(CODES.values()) == sorted(set(CODES.values()))
    assert list(reject_codes.SENTENCES) == list(CODES.values()), "in the order of the codes"
    for code, sentence in reject_codes.SENTENCES.items():
        assert len(sentence.split()) >= 3 and sentence[0].islower(), f"{code}: {sentence!r}"
        assert not sentence.endswith("."), f"{code}: {sentence!r} ends in a full stop"


NAMES_OF = {
    "CONFIG_NAMES": r"CONFIG_(?!NAMES)(\w+)",
    "SIDE_NAMES": r"(BUY|SELL)",
    "ORDER_TYPE_NAMES": r"(MARKET|LIMIT|STOP|STOP_LIMIT)",
    "PROFIT_MODE_NAMES": r"PROFIT_(?!MODE)(\w+)",
    "MARGIN_MODE_NAMES": r"MARGIN_(?!MODE|CALL|CHANGED)(\w+)",
    "TRADE_MODE_NAMES": r"TRADE_(?!MODE|STATE)(\w+)",
    "EXECUTION_MODE_NAMES": r"EXECUTION_(?!MODE)(\w+)",
    "GAP_POLICY_NAMES": r"GAP_(?!POLICY)(\w+)",
    "LEVEL_TYPE_NAMES": r"LEVEL_(?!TYPE)(\w+)",
    "FREE_MARGIN_MODE_NAMES": r"FREE_MARGIN_(?!MODE)(\w+)",
    "COMPENSATION_NAMES": r"COMPENSATE_(\w+)",
    "ACCOUNT_MODE_NAMES": r"(HEDGING|NETTING)",
    "ACCOUNT_STATUS_NAMES": r"ACCOUNT_(?!MODE|STATUS|SET)(\w+)",
    "BALANCE_OPERATION_NAMES": r"(DEPOSIT|WITHDRAWAL|CREDIT_IN|CREDIT_OUT|CORRECTION)",
    "ENTRY_TYPE_NAMES": r"ENTRY_(?!TYPE)(\w+)",
    "REASON_NAMES": r"REASON_(?!NAMES)(\w+)",
    "REQUEST_NAMES": r"REQUEST_(?!NAMES)(\w+)",
    "STAGE_NAMES": r"STAGE_(?!NAMES)(\w+)",
    "REFUSED_NAMES": r"REFUSED_(?!NAMES)(\w+)",
    "VENUE_NAMES": r"VENUE_(?!NAMES)(\w+)",
    "CONTRACT_NAMES": r"CONTRACT_(?!NAMES)(\w+)",
    "TIME_IN_FORCE_NAMES": (
        r"(GOOD_TILL_CANCELLED|DAY|GOOD_TILL_DATE|IMMEDIATE_OR_CANCEL|FILL_OR_KILL)"
    ),
    "SELF_TRADE_NAMES": r"SELF_TRADE_(?!NAMES)(\w+)",
    "REMOVAL_NAMES": r"REMOVAL_(?!NAMES)(\w+)",
    "ROLE_NAMES": r"ROLE_(?!NAMES)(\w+)",
    "MARK_NAMES": r"MARK_(?!NAMES)(\w+)",
    "TRIGGER_NAMES": r"TRIGGER_(?!NAMES|REFUSED)(\w+)",
    "PHASE_NAMES": r"PHASE_(?!NAMES|CHANGED)(\w+)",
    "SETTLEMENT_NAMES": r"SETTLEMENT_(?!NAMES)(\w+)",
    "TRADE_STATE_NAMES": r"(?:ORDER|POSITION)_(PENDING|REQUESTED|OPEN)",
}
"""Which constants a tuple of names is for; the group is the word."""
OTHER_WORDS = {"ENTRY_STOP_OUT_COMPENSATION": "so_compensation"}
"""Where the word is another than that of the constant, for its use in the field."""
OTHER_WORDS |= {"FREE_MARGIN_PROFIT": "profit_only", "FREE_MARGIN_LOSS": "loss_only"}


def test_every_tuple_of_names_is_held_against_its_constants() -> None:
    assert {key for key in vars(vocabulary) if key.endswith("_NAMES")} == NAMES_OF.keys()


@pytest.mark.parametrize("tuple_name", NAMES_OF)
def test_names_cover_the_values_of_their_constants(tuple_name: str) -> None:
    names = getattr(vocabulary, tuple_name)
    pattern = re.compile(NAMES_OF[tuple_name])
    found = {}
    for constant, value in WORDS.items():
        match = pattern.fullmatch(constant)
        if match:
            assert value not in found, f"{constant} and {found.get(value)} have one value"
            found[value] = constant
            assert names[value] == OTHER_WORDS.get(constant, match[1].lower())
    for value, word in enumerate(names):
        assert word == "" or value in found, f"{tuple_name}[{value}] has no constant"


def test_every_reason_has_a_comment() -> None:
    assert len(vocabulary.COMMENTS) == len(vocabulary.REASON_NAMES)
    assert all(len(comment.encode()) <= 31 for comment in vocabulary.COMMENTS)


def test_every_record_class_has_a_type_of_its_own() -> None:
    classes = (*records.COMMAND_CLASSES, *records.EVENT_CLASSES)
    assert len({c.TYPE for c in classes}) == len(classes)
    assert all(c.TYPE < 100 for c in records.COMMAND_CLASSES)
    assert all(c.TYPE > 100 for c in records.EVENT_CLASSES)
    assert all(c.__doc__ for c in classes)
