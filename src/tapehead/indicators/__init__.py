"""The catalogue of indicators, one file each, and the memo that keeps them from being computed twice.

Kernels are imported where one is called: a strategy can be loaded, listed and refused without the compiler (0.4 s).
"""
