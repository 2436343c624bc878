from promptgit.edges.clock import SystemClock
from promptgit.evaluate.crew import Crew


def test_time_passes_while_it_sleeps():
    clock = SystemClock()
    before = clock.monotonic_s()

    clock.sleep(0.05)

    assert clock.monotonic_s() - before >= 0.045


def test_a_sleep_ends_when_the_crew_of_its_thread_must_leave():
    clock = SystemClock()

    def work(seconds):
        clock.sleep(seconds)
        return seconds

    crew = iter(Crew(work, [0.0, 600.0], size=1))
    first = next(crew)
    crew.close()  # would take ten minutes

    assert first == 0.0
