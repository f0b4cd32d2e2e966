"""The stores as tables: what is decided, over named statements that each database brings in its own dialect."""
