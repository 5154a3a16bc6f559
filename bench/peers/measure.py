"""Times by clock and by CPU of this process with all its threads, in seconds."""

import json
import time


def timed(work):
    """What `work()` returned, and its seconds of wall-clock time and of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def repeated(work, runs, warm=1):
    """Runs `work` `warm` times without counting, then `runs` times; the last result and the lists of times."""
    for _ in range(warm):
        made = work()
    walls, cpus = [], []
    for _ in range(runs):
        made, wall, cpu = timed(work)
        walls.append(wall)
        cpus.append(cpu)
    return made, walls, cpus


def say(**values):
    """One line of the answer."""
    print(json.dumps(values), flush=True)
