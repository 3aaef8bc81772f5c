"""Threads are let through one at a time, first come first served, whatever happens to one of them."""

from __future__ import annotations

import threading
import time

import pytest

from assistant.store.turns import Turns


def test_threads_go_in_the_order_they_came() -> None:
    turns = Turns()
    order: list[int] = []
    inside: list[int] = []
    together: list[list[int]] = []

    def work(n: int) -> None:
        with turns.next():
            inside.append(n)
            order.append(n)
            time.sleep(0.001)
            together.append(inside[:])
            inside.remove(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    with turns.next():
        for thread in threads:
            thread.start()
            time.sleep(0.005)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    assert together == [[n] for n in range(20)]


def test_who_fails_lets_the_next_one_through() -> None:
    turns = Turns()
    for _ in range(3):
        with pytest.raises(ValueError, match="mine"), turns.next():
            raise ValueError("mine")
    with turns.next():
        pass


def test_a_thread_that_would_wait_for_itself_is_told() -> None:
    turns = Turns()
    with turns.next(), pytest.raises(RuntimeError, match="already"), turns.next():
        pass
