"""source_of: the reader of a file; synthetic_market: the market of the demo. Handed to jobs that may not name them."""

from tapehead.sources.recognise import recognise as source_of
from tapehead.sources.synthetic import synthetic_market

__all__ = ["source_of", "synthetic_market"]
