"""Workloads of Tapehead, timed beside other tools on the same bars, and never without checking that they agree."""
