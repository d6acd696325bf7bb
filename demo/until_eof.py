"""`python until_eof.py FOLDER MODULE ARGUMENTS...`: `python -m MODULE ARGUMENTS...`, until the standard input ends.

Whoever starts it holds the other end of that input. However they die, by `kill -9` too, the input ends with them; the
process then removes its temporary FOLDER, which nobody else is left to do, and is gone.
"""

import os
import runpy
import shutil
import sys
import threading
import time

_MOST_REMOVALS, _PAUSE_SECONDS = 500, 0.01


def _end_with_input(folder: str) -> None:
    # Not sys.stdin: a thread that waits inside it would stand in the way of an orderly exit.
    while os.read(0, 1024):
        pass
    # Until it is gone: the module still runs, and may write a file into a folder that was just emptied.
    for _ in range(_MOST_REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            break
        time.sleep(_PAUSE_SECONDS)
    os._exit(1)


def main() -> None:
    """Run the module as if it had been the command."""
    _, folder, *command = sys.argv
    threading.Thread(target=_end_with_input, args=(folder,), name="until eof", daemon=True).start()
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
