"""TrialLedgerContract: what every ledger of trials must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tapehead.model.trials import BLOCKS, POWERS, Context, KeptTrials, Trials
from tapehead.ports.runs import RunStore
from tapehead.ports.trials import TrialLedger
from tapehead.testing.run_store import SPEC, sample_key

CONTEXT = Context("RsiReversion", b"s" * 32, "test:AAA", "1h", '{"fee":0.001,"start":"2021-01-01T00:00:00Z"}')


def sample_trials(first: int, n: int) -> Trials:
    """Return `n` trials of seeded values, of sets numbered from `first` on."""
    sets = [f'{{"period":{number}}}' for number in range(first, first + n)]
    blocks = np.stack([np.random.default_rng(k).normal(size=(BLOCKS, POWERS)) for k in range(first, first + n)])
    return Trials(sets, np.arange(first, first + n, dtype=np.int64), blocks)


class TrialLedgerContract:
    """Subclass it as `Test…` and say how to make an empty store of runs and the ledger of the same store."""

    def make(self, tmp_path: Path) -> tuple[RunStore, TrialLedger]:
        """Return an empty store below `tmp_path` and its ledger."""
        raise AssertionError(f"a subclass says how a store is made below {tmp_path}")

    def test_trials_come_back_bit_for_bit_in_the_order_they_came(self, tmp_path: Path) -> None:
        _, ledger = self.make(tmp_path)
        given, later = sample_trials(0, 2500), sample_trials(2500, 3)
        assert ledger.add("A" * 26, CONTEXT, given) == 2500
        assert ledger.add("B" * 26, CONTEXT, later) == 3
        kept = list(ledger.read("test:AAA", "1h"))
        assert max(len(one.trials) for one in kept) <= 1000
        assert [set_ for one in kept for set_ in one.trials.sets] == [*given.sets, *later.sets]
        for name in ("observations", "blocks"):
            found = np.concatenate([getattr(one.trials, name) for one in kept])
            assert found.tobytes() == np.concatenate([getattr(given, name), getattr(later, name)]).tobytes()
        assert all(one.context == CONTEXT for one in kept)
        assert [one.run[0] for one in kept if one.run != "A" * 26] == ["B"]
        assert [one.added_at for one in kept] == sorted(one.added_at for one in kept)

    def test_a_trial_is_counted_once(self, tmp_path: Path) -> None:
        _, ledger = self.make(tmp_path)
        assert ledger.add("A" * 26, CONTEXT, sample_trials(0, 10)) == 10
        assert ledger.add("B" * 26, CONTEXT, sample_trials(0, 10)) == 0
        assert ledger.add("C" * 26, CONTEXT, sample_trials(5, 10)) == 5
        twice = sample_trials(20, 2)
        assert ledger.add("D" * 26, CONTEXT, Trials([twice.sets[0]] * 2, twice.observations, twice.blocks)) == 1
        assert [(one.run[0], one.trials) for one in ledger.counts()] == [("A", 10), ("C", 5), ("D", 1)]
        last = list(ledger.read("test:AAA", "1h"))[-1].trials
        # The first of two stays, with its own sums.
        assert last.blocks.tobytes() == twice.blocks[:1].tobytes()

    def test_trials_of_another_ledger_keep_their_time_and_come_once(self, tmp_path: Path) -> None:
        _, ledger = self.make(tmp_path)
        assert ledger.add("B" * 26, CONTEXT, sample_trials(0, 2)) == 2
        theirs = KeptTrials(CONTEXT, "A" * 26, 77, sample_trials(0, 1500))
        assert (ledger.keep(theirs), ledger.keep(theirs)) == (1498, 0)
        kept = [one for one in ledger.read("test:AAA", "1h") if one.run == "A" * 26]
        assert {one.added_at for one in kept} == {77}
        sums = np.concatenate([one.trials.blocks for one in kept])
        assert sums.tobytes() == theirs.trials.blocks[2:].tobytes()

    def test_every_part_of_a_context_makes_another_trial(self, tmp_path: Path) -> None:
        _, ledger = self.make(tmp_path)
        changed: list[dict[str, Any]] = [
            {"strategy": "SmaCross"},
            {"source": b"t" * 32},
            {"instrument": "test:BBB"},
            {"interval": "4h"},
            {"settings": '{"fee":0.002,"start":"2021-01-01T00:00:00Z"}'},
            {"settings": "{}"},
        ]
        contexts = [CONTEXT, *(replace(CONTEXT, **each) for each in changed)]
        for context in contexts:
            assert ledger.add("A" * 26, context, sample_trials(0, 2)) == 2
        assert [one.context for one in ledger.counts()] == contexts
        assert [one.context for one in ledger.read("test:AAA", "1h")] == [
            one for one in contexts if (one.instrument, one.interval) == ("test:AAA", "1h")
        ]
        assert list(ledger.read("test:ZZZ", "1h")) == []

    def test_trials_outlive_their_run(self, tmp_path: Path) -> None:
        runs, ledger = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        ledger.add(run, CONTEXT, sample_trials(0, 4))
        assert runs.delete(run)
        assert [(one.run, one.trials) for one in ledger.counts()] == [(run, 4)]
        assert ledger.add(run, CONTEXT, sample_trials(0, 4)) == 0

    def test_trials_are_kept_with_the_results_or_not_at_all(self, tmp_path: Path) -> None:
        runs, ledger = self.make(tmp_path)
        try:
            with runs.together("a tile"):
                ledger.add("A" * 26, CONTEXT, sample_trials(0, 4))
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        assert list(ledger.counts()) == []
        assert ledger.add("A" * 26, CONTEXT, sample_trials(0, 4)) == 4

    def test_trials_of_several_contexts_are_added_together(self, tmp_path: Path) -> None:
        _, ledger = self.make(tmp_path)
        other, third = replace(CONTEXT, instrument="test:BBB"), replace(CONTEXT, instrument="test:CCC")
        assert ledger.add("A" * 26, other, sample_trials(3, 2)) == 2
        added = [(CONTEXT, sample_trials(0, 4)), (other, sample_trials(0, 5)), (CONTEXT, sample_trials(2, 4))]
        assert ledger.add_each("B" * 26, [*added, (third, sample_trials(0, 1200))]) == 4 + 3 + 2 + 1200
        assert ledger.add_each("C" * 26, added) == 0
        assert ledger.add_each("C" * 26, []) == 0
        for context, wanted in ((CONTEXT, range(6)), (other, (3, 4, 0, 1, 2)), (third, range(1200))):
            kept = list(ledger.read(context.instrument, "1h"))
            assert {one.context for one in kept} == {context}
            assert max(len(one.trials) for one in kept) <= 1000
            blocks = np.concatenate([one.trials.blocks for one in kept])
            assert blocks.tobytes() == b"".join(sample_trials(k, 1).blocks.tobytes() for k in wanted)

    def test_who_add_to_the_same_contexts_in_other_orders_all_come_through(self, tmp_path: Path) -> None:
        _, ledger = self.make(tmp_path)
        contexts = [replace(CONTEXT, instrument=f"test:{name}") for name in "ABCDEFGH"]
        new: list[int] = []

        def work(shift: int) -> None:
            for turn in range(4):
                order = np.random.default_rng(10 * shift + turn).permutation(8)
                new.append(ledger.add_each(f"{shift}" * 26, [(contexts[k], sample_trials(turn, 2)) for k in order]))

        threads = [threading.Thread(target=work, args=(shift,)) for shift in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(new) == 16
        assert sum(new) == sum(one.trials for one in ledger.counts()) == 8 * 5

    def test_of_many_who_add_the_same_each_trial_counts_once(self, tmp_path: Path) -> None:
        _, ledger = self.make(tmp_path)
        new: list[int] = []

        def work(shift: int) -> None:
            steps = range(shift, 40 + shift, 4)
            new.extend(ledger.add(f"{shift}" * 26, CONTEXT, sample_trials(first, 8)) for first in steps)

        threads = [threading.Thread(target=work, args=(shift,)) for shift in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sets = [one for kept in ledger.read("test:AAA", "1h") for one in kept.trials.sets]
        assert sum(new) == len(sets) == len(set(sets)) == 47
        assert sum(one.trials for one in ledger.counts()) == 47
