"""`python -m assistant.demo_child PARENT MODULE …`: runs a program of the demo, and ends it when the demo is gone."""

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
    """Ends this program once the demo, the process `parent`, is gone: it was killed and could end nothing itself."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FAREWELL_SECONDS)
    os._exit(1)


def main() -> None:
    """Runs the module as `python -m` would."""
    parent = int(sys.argv[1])
    threading.Thread(target=end_with, args=(parent,), name="demo-child", daemon=True).start()
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
