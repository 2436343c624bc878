import threading

from promptgit.edges.clock import SystemClock
from promptgit.evaluate.crew import Crew


def test_time_passes_while_it_sleeps():
    clock = SystemClock()
    before = clock.monotonic_s()

    clock.sleep(0.05)

    assert clock.monotonic_s() - before >= 0.045


def test_a_sleep_ends_when_the_crew_of_its_thread_must_leave():
    clock = SystemClock()
    awake = []
    last = threading.Event()

    def work(seconds):
        if seconds:
            last.set()
        clock.sleep(seconds)
        awake.append(seconds)

    crew = iter(Crew(work, [0.0, 600.0], size=1))
    next(crew)
    last.wait(10)
    crew.close()

    assert awake == [0.0, 600.0]
