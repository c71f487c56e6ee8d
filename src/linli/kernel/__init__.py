"""The floor everything stands on: money, weight, time, machines, refusals and ids, from the standard library alone."""
