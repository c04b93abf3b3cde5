"""What the scenario tests have in common. Scenarios talk to the real programs over real sockets on loopback.

Each class is independent and has folders and ports of its own, so that several run at once. Nothing here
sleeps for a guessed time: waiting is polling with a deadline (wait.until).
"""
