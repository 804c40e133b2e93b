"""Busy for a second of CPU time, then it ends."""
import time


def sum_of_squares(n):
    return sum(i * i for i in range(n))


end = time.process_time() + 1
while time.process_time() < end:
    sum_of_squares(20_000)
