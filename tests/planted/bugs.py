"""The planted bugs: what is wrong, the text that makes it so, and what must catch it.

This file may hold the table only; those of the book venue have a table of their own, which
follows. A bug keeps its number as long as new ones come last.
"""

from typing import Final

from tests.planted.book_bugs import BOOK_BUGS
from tests.planted.bug import Bug, Edit

POWER_CUTS: Final = "tests.faults.power_cuts 1 --count 300"
NTH_FAULT: Final = "tests.faults.nth_fault 1 --count 60"
SIMULATE: Final = "tests.simulate 4 --count 8 --commands 300"
EVERY_FAULT: Final = "tests.faults.nth_fault 1 --count 850"
"""All faults of the first session."""
FLIPS: Final = "tests.faults.flips 1 --count 250"
RANDOM_DAYS: Final = "tests.random_days 1 --count 4 --commands 1000"
BLOCKS: Final = "pytest tests/journal/test_block.py"
CORRUPTION: Final = "pytest tests/journal/test_corruption.py -k 'not flipped'"
SALVAGE: Final = "pytest tests/journal/test_salvage.py -k 'whole or ends_the_copy'"
SNAPSHOTS: Final = "pytest tests/snapshots"
COMMITS: Final = "pytest tests/test_node_commits.py"
BEHIND: Final = "pytest tests/test_node_commit_behind.py"
CLIENT_KEYS: Final = "pytest tests/test_node_client_keys.py"
CHECKPOINTS: Final = "pytest tests/adapters/test_checkpoint.py"
RECOVERY: Final = "pytest tests/test_node_recovery.py"
HOOKS: Final = "pytest tests/test_node_hooks.py"
GOLDEN_DAY: Final = "pytest tests/determinism/test_golden_journal.py"
RESTARTS: Final = "pytest tests/determinism/test_replay.py -k snapshot"
PROCESSES: Final = "pytest tests/determinism/test_processes.py -k 'interpreted and JST and tr_TR'"
GOLDEN_JOURNALS: Final = "pytest tests/journal/test_golden_journals.py"
STOP_OUTS: Final = "pytest tests/rules/test_way_of_a_tick_stop_out.py"
ORACLE_STOP_OUTS: Final = "pytest tests/test_oracle_stop_out.py"
STOPS: Final = "pytest tests/rules/test_way_of_a_tick_stops.py"
ROUNDING: Final = "pytest tests/test_rounding.py"


BUGS: Final = (
    # ---------------------------------------------------------------- durability
    Bug(
        "a commit is not synced",
        (
            Edit(
                "journal/environment.py",
                "                sync=True,",
                "                sync=False,",
            ),
        ),
        POWER_CUTS,
        "acknowledged commands are lost",
    ),
    Bug(
        "the meta page of a commit is not synced",
        (Edit("journal/environment.py", "metasync=True,", "metasync=False,"),),
        POWER_CUTS,
        "acknowledged commands are lost",
    ),
    Bug(
        "an answer is given out before the commit",
        (
            Edit(
                "adapters/node.py",
                "        try:\n            self.journal.append(",
                "        leaving.answers.events = bytes(events)\n"
                "        try:\n            self.journal.append(",
            ),
        ),
        NTH_FAULT,
        "acknowledged commands are lost",
    ),
    Bug(
        "a sync that failed is tried again, and the second one is believed",
        (
            Edit(
                "journal/environment.py",
                "                sync=True,",
                "                sync=False,",
            ),
            Edit(
                "journal/environment.py",
                "            transaction.commit()\n        except",
                "            transaction.commit()\n"
                "            try:\n"
                "                self._environment.sync(True)\n"
                "            except lmdb.Error:\n"
                "                self._environment.sync(True)\n"
                "        except",
            ),
        ),
        NTH_FAULT,
        "FAILURE",
    ),
    Bug(
        "a sync that failed is passed over",
        (
            Edit(
                "journal/environment.py",
                "                sync=True,",
                "                sync=False,",
            ),
            Edit(
                "journal/environment.py",
                "            transaction.commit()\n        except",
                "            transaction.commit()\n"
                "            with contextlib.suppress(lmdb.Error):\n"
                "                self._environment.sync(True)\n"
                "        except",
            ),
        ),
        SIMULATE,
        "is acknowledged on a dead disk",
    ),
    Bug(
        "a node lives on after a commit that failed",
        (
            Edit(
                "adapters/node.py",
                "self._failure = str(error)\n            raise\n        self._on_its_way = leaving",
                "raise\n        self._on_its_way = leaving",
            ),
        ),
        SIMULATE,
        "the node lives on",
    ),
    Bug(
        "two writers may have a journal open",
        (
            Edit(
                "journal/environment.py",
                "fcntl.LOCK_EX | fcntl.LOCK_NB",
                "fcntl.LOCK_SH | fcntl.LOCK_NB",
            ),
        ),
        COMMITS,
        "test_second_writer_on_a_directory_is_refused",
    ),
    Bug(
        "an answer is cut from the wrong place of its block",
        (
            Edit(
                "adapters/node.py",
                "        self._event_end = 0\n        self._open, ",
                "        self._open, ",
            ),
        ),
        SIMULATE,
        "is answered",
    ),
    Bug(
        "the folder of a new journal is not synced",
        (
            Edit(
                "journal/environment.py",
                "        sync_directory(path)\n    except",
                "        pass\n    except",
            ),
        ),
        POWER_CUTS,
        "FAILURE",
    ),
    Bug(
        "a new journal gets its name before it is on the disk",
        (
            Edit(
                "journal/environment.py",
                "            os.fsync(file.fileno())\n        fresh",
                "            pass\n        fresh",
            ),
        ),
        POWER_CUTS,
        "FAILURE",
    ),
    Bug(
        "a writer relies on what a writer before it could not write",
        (
            Edit(
                "journal/environment.py",
                "                self._settle()\n",
                "",
            ),
        ),
        EVERY_FAULT,
        "FAILURE",
        costly=True,
    ),
    # ---------------------------------------------------------------- corruption
    Bug(
        "the first word of a body is left out of its checksum",
        (
            Edit(
                "journal/block.py",
                "xxhash.xxh3_128_digest(self._view[HEADER_SIZE:end])",
                "xxhash.xxh3_128_digest(self._view[HEADER_SIZE + 8 : end])",
            ),
            Edit(
                "journal/block.py",
                "if xxhash.xxh3_128_digest(body) !=",
                "if xxhash.xxh3_128_digest(body[8:]) !=",
            ),
        ),
        BLOCKS,
        "test_every_single_flipped_bit_of_a_block_is_found",
    ),
    Bug(
        "the last byte of a header is left out of its hash",
        (
            Edit(
                "journal/block.py",
                "block_hash = blake3.blake3(self._view[:hashed]).digest()",
                "block_hash = blake3.blake3(self._view[: hashed - 1]).digest()",
            ),
            Edit(
                "journal/block.py",
                "if blake3.blake3(start[:hashed]).digest() !=",
                "if blake3.blake3(start[: hashed - 1]).digest() !=",
            ),
        ),
        BLOCKS,
        "FAILED",
    ),
    Bug(
        "the chain of blocks is not checked",
        (
            Edit(
                "journal/block.py",
                "if header.previous_hash != previous.block_hash:",
                "if header.previous_hash == previous.body_checksum:",
            ),
        ),
        CORRUPTION,
        "test_block_of_another_journal_breaks_the_chain",
    ),
    Bug(
        "a gap in the sequences of blocks is not checked",
        (
            Edit(
                "journal/block.py",
                "if header.first_sequence != previous.last_sequence + 1:",
                "if header.first_sequence < previous.last_sequence + 1:",
            ),
        ),
        CORRUPTION,
        "sequence gap",
    ),
    Bug(
        "blocks may go back in time",
        (
            Edit(
                "journal/block.py",
                "if header.last_time_ns < previous.last_time_ns:",
                "if header.last_time_ns < 0:",
            ),
        ),
        BLOCKS,
        "test_chain_when_a_running_figure_goes_wrong_says_which",
    ),
    Bug(
        "the transaction numbers of the two meta pages are not compared",
        (
            Edit(
                "journal/pages.py",
                "if abs(numbers[0] - numbers[1]) != 1 and numbers != [0, 0]:",
                "if numbers[0] == numbers[1] and numbers != [0, 0]:",
            ),
            Edit(
                "journal/page_check.py",
                "if last != number and not (number == 1 and last == 0):",
                "if last > number:",
            ),
        ),
        CORRUPTION,
        "test_damaged_transaction_number_does_not_take_back_commits",
    ),
    Bug(
        "a writer does not check the pages of the file",
        (
            Edit(
                "journal/environment.py",
                "                    page_check.check(file, heads=True)\n",
                "                    assert file\n",
            ),
        ),
        FLIPS,
        "FAILURE",
    ),
    Bug(
        "a damaged last block is taken for a torn one and cut off",
        (
            Edit(
                "journal/lmdb_journal.py",
                "            self.block_at(self._tail.last_sequence)\n",
                "            try:\n"
                "                self.block_at(self._tail.last_sequence)\n"
                "            except CorruptJournal:\n"
                "                with environment.begin_write(0) as transaction:\n"
                "                    key = SEQUENCE.pack(self._tail.first_sequence)\n"
                "                    transaction.delete(key, db=self._blocks)\n"
                "                self._tail = self._read_tail()\n",
            ),
        ),
        CORRUPTION,
        "test_writer_when_the_last_block_is_damaged_does_not_open",
    ),
    Bug(
        "what is saved of a damaged journal ends one block too early",
        (
            Edit(
                "journal/chain.py",
                "if any(copy.offset == place for copy in group) or self._following(group[0]):",
                "if self._following(group[0]):",
            ),
        ),
        SALVAGE,
        "FAILED",
    ),
    Bug(
        "events are not compared on recovery",
        (Edit("adapters/recovery.py", "verify=True)", "verify=False)"),),
        RECOVERY,
        "test_first_difference_is_told_field_by_field",
    ),
    Bug(
        "a checkpoint does not compare what the blocks hold",
        (
            Edit(
                "adapters/checkpoint.py",
                "elif now.content_hash != held.content_hash:",
                "elif not now.content_hash:",
            ),
        ),
        CHECKPOINTS,
        "test_body_forged_under_the_same_header_is_found_by_the_content_hash",
    ),
    Bug(
        "the time of a checkpoint is not signed",
        (
            Edit(
                "adapters/checkpoint.py",
                "        held.time_ns,\n        held.chain_hash,",
                "        0,\n        held.chain_hash,",
            ),
        ),
        CHECKPOINTS,
        "test_any_changed_field_breaks_the_signature",
    ),
    # ---------------------------------------------------------------- client keys
    Bug(
        "client keys are known in memory only",
        (
            Edit(
                "adapters/client_keys.py",
                "    sequence = journal.lookup_key(key)\n    if sequence is None:",
                "    sequence = None\n    if sequence is None:",
            ),
        ),
        SIMULATE,
        "FAILURE: .*key_low",
    ),
    Bug(
        "the last client key of a block is not put into the index",
        (
            Edit(
                "adapters/node.py",
                "            self.journal.append(",
                "            del leaving.draft.keys[1:]\n            self.journal.append(",
            ),
        ),
        SIMULATE,
        "FAILURE: .*key_low",
    ),
    Bug(
        "client keys of a block on its way are forgotten",
        (
            Edit(
                "adapters/node.py",
                "self._open.holds(key) or self._leaving.holds(key)",
                "self._open.holds(key)",
            ),
        ),
        BEHIND,
        "test_client_key_of_a_bulk_block_on_its_way_is_known",
    ),
    Bug(
        "a block on its way is answered at once",
        (
            Edit(
                "adapters/node.py",
                "return self._finish_commit() if wait else before",
                "return self._finish_commit()",
            ),
        ),
        BEHIND,
        "test_answers_come_with_a_later_commit_and_not_before",
    ),
    Bug(
        "client keys of a bulk block are forgotten",
        (Edit("adapters/pending_block.py", "        self.draft.keys += keys\n", ""),),
        CLIENT_KEYS,
        "test_key_from_a_bulk_block_is_known_to_a_single_command",
    ),
    Bug(
        "the digest of the client keys is not compared",
        (
            Edit(
                "journal/lmdb_journal.py",
                "elif tail.has_key_digest and digest != tail.key_digest:",
                "elif digest < 0:",
            ),
        ),
        CORRUPTION,
        "test_client_key_that_changed_in_the_index_is_found_when_a_writer_opens",
    ),
    Bug(
        "a repeated command with other content gets the first answer",
        (
            Edit(
                "adapters/client_keys.py",
                "            if before != after:\n",
                "            if type(before) is not type(after):\n",
            ),
        ),
        CLIENT_KEYS,
        "test_same_key_with_other_content_names_the_field",
    ),
    # ---------------------------------------------------------------- snapshots
    Bug(
        "a snapshot forgets who is under margin call",
        (
            Edit(
                "engine/logical_state.py",
                "account.under_call = reader.get() == 1",
                "account.under_call = reader.get() == 2",
            ),
        ),
        RESTARTS,
        "test_a_snapshot_and_its_tail_are_the_whole_replay",
    ),
    Bug(
        "the commission of a trade is in no snapshot",
        (
            Edit(
                "engine/logical_state.py",
                "out.put(trade.commission_minor)",
                "out.put(0)",
            ),
        ),
        RESTARTS,
        "FAILED",
    ),
    Bug(
        "a snapshot holds commands that are not committed",
        (
            Edit(
                "adapters/node.py",
                "        if self._on_its_way is not None or not self._open.is_empty:\n"
                "            self.commit()\n        tail",
                "        tail",
            ),
        ),
        SIMULATE,
        "recovery differs from the journal",
    ),
    Bug(
        "a snapshot is not bound to its journal",
        (
            Edit(
                "snapshots/store.py",
                "if expected != info.journal_hash:",
                "if not expected:",
            ),
        ),
        SNAPSHOTS,
        "test_snapshot_of_another_journal_is_skipped_and_reported",
    ),
    Bug(
        "the state that a snapshot gives is not compared",
        (Edit("adapters/replay.py", "if state_hash == info.state_hash:", "if state_hash:"),),
        RECOVERY,
        "test_snapshot_that_does_not_load_or_gives_another_state_is_reported_and_skipped",
    ),
    # ---------------------------------------------------------------- determinism
    Bug(
        "accounts are looked at in the order of their hashes",
        (
            Edit("engine/tick/stop_out.py", "    if count > _FEW:\n", "    if count > 1:\n"),
            Edit(
                "engine/tick/stop_out.py",
                "    return int(account.login)\n",
                "    return hash(str(account.login))\n",
            ),
        ),
        PROCESSES,
        "FAILED",
    ),
    Bug(
        "the order in which accounts were opened is in the state",
        (
            Edit(
                "engine/logical_state.py",
                "logins = sorted(core.accounts)",
                "logins = list(core.accounts)",
            ),
        ),
        GOLDEN_DAY,
        "FAILED",
    ),
    Bug(
        "old hooks are not asked for",
        (
            Edit(
                "adapters/recovery.py",
                "or any_hooks or tail.hook_identity == identity_digest(identity):",
                "or any_hooks or tail.last_sequence:",
            ),
        ),
        HOOKS,
        "FAILED",
    ),
    Bug(
        "a header of format 1 is read as one of format 2",
        (Edit("journal/block.py", "    if version == 1:\n", "    if version == 0:\n"),),
        GOLDEN_JOURNALS,
        "format-1",
    ),
    Bug(
        "triggered trades are handled in the order in which a heap holds them",
        (
            Edit(
                "engine/core.py", "        keys.sort()\n        return keys", "        return keys"
            ),
        ),
        GOLDEN_DAY,
        "FAILED",
    ),
    # ---------------------------------------------------------------- rules
    Bug(
        "a command may be older than the one before",
        (
            Edit(
                "engine/dispatch.py",
                "    if time_ns < core.time_ns:\n",
                "    if time_ns < 0:\n",
            ),
        ),
        RANDOM_DAYS,
        "FAILURE",
    ),
    Bug(
        "a timer fires one command late",
        (
            Edit(
                "engine/dispatch.py",
                "core.timers.tops[0] <= time_ns",
                "core.timers.tops[0] < time_ns",
            ),
        ),
        RANDOM_DAYS,
        "FAILURE",
    ),
    Bug(
        "bands are too wide by one point",
        (
            Edit("engine/risk.py", "raw + up_width + 1)", "raw + up_width + 2)"),
            Edit("engine/risk.py", "-(raw - down_width - 1))", "-(raw - down_width - 2))"),
        ),
        ORACLE_STOP_OUTS,
        "Difference",
    ),
    Bug(
        "a half is rounded towards zero",
        (
            Edit(
                "engine/rounding.py",
                "        return (numerator + denominator // 2) // denominator\n",
                "        return (numerator + (denominator - 1) // 2) // denominator\n",
            ),
        ),
        ROUNDING,
        "FAILED",
    ),
    Bug(
        "a conversion is rounded down",
        (
            Edit(
                "engine/rounding.py",
                "        return round_div(value * factor, divisor)\n",
                "        return value * factor // divisor\n",
            ),
        ),
        ROUNDING,
        "FAILED",
    ),
    Bug(
        "the smallest loss is closed first",
        (
            Edit(
                "engine/tick/stop_out.py",
                "return profit < best_profit or",
                "return profit > best_profit or",
            ),
        ),
        STOP_OUTS,
        "FAILED",
    ),
    Bug(
        "a stop loss that is just reached does not close",
        (
            Edit(
                "engine/model/accounts.py",
                "return price_points <= self.stop_loss_points",
                "return price_points < self.stop_loss_points",
            ),
        ),
        STOPS,
        "FAILED",
    ),
    Bug(
        "a stop-out at exactly its level waits for the next tick",
        (
            Edit(
                "engine/tick/stop_out.py",
                "result.equity_minor <= stop_out_threshold_minor(account)",
                "result.equity_minor < stop_out_threshold_minor(account)",
            ),
        ),
        STOP_OUTS,
        "FAILED",
    ),
    *BOOK_BUGS,
)
