"""What jobs may not name: the reader of a file, the place where rows wait, the market of the demo."""

from tapehead.sources.buckets import SpillingBuckets
from tapehead.sources.recognise import recognise as source_of
from tapehead.sources.synthetic import synthetic_market

__all__ = ["SpillingBuckets", "source_of", "synthetic_market"]
