"""Waiting with a deadline."""
import time


def until(condition, seconds, what):
    """The first true value of condition(), polled; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            told = what() if callable(what) else what
            raise AssertionError(f"waited {seconds} s in vain: {told}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
