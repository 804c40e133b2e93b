"""Busy for a second, then it ends."""
import time


def sum_of_squares(n):
    return sum(i * i for i in range(n))


end = time.time() + 1
while time.time() < end:
    sum_of_squares(20_000)
