"""How many threads a training on the CPU is given."""

from __future__ import annotations

import torch

from netbuilder.training.device import describe, threads_for


def test_a_small_step_is_done_by_one_thread() -> None:
    assert threads_for(0) == 1
    assert threads_for(60_000_000) == 1


def test_a_large_step_gets_all_that_torch_would_take_and_no_more() -> None:
    assert 1 <= threads_for(10**12) == threads_for(10**15)


def test_the_cpu_is_named_with_its_threads() -> None:
    cpu = torch.device("cpu")
    assert [describe(cpu, threads) for threads in (1, 2)] == ["cpu · 1 thread", "cpu · 2 threads"]
