"""The built-in strategies and the decorator that makes a class one."""
