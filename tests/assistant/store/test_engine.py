"""The embedded database's one writer is reached in the order of asking."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from assistant.store.engine import Store, make_engine


def test_on_sqlite_writers_go_in_the_order_they_asked_and_readers_do_not_wait(tmp_path: Path) -> None:
    store = Store(make_engine(f"sqlite:///{tmp_path}/a.db"))
    order: list[int] = []

    def write(n: int) -> None:
        with store.begin():
            order.append(n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(12)]
    with store.begin():
        for thread in threads:
            thread.start()
            time.sleep(0.01)
        with store.read() as tx:
            assert tx.exec_driver_sql("SELECT 1").scalar() == 1
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(12))
    store.engine.dispose()
