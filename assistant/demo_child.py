"""`python -m assistant.demo_child MODULE …`: runs a program of the demo, and ends it when the demo itself is gone."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

LOOK_EVERY = 0.5  # seconds
FAREWELL_SECONDS = 10.0


def end_with(parent: int) -> None:
    """Ends this program in good order once its parent is gone (killed, so that it could end nothing), or else at once."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FAREWELL_SECONDS)
    os._exit(1)


def main() -> None:
    """Runs the module as `python -m` would."""
    threading.Thread(target=end_with, args=(os.getppid(),), name="demo-child", daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
