"""Every error a user can meet: a stable code, the facts as attributes, and a sentence that ends in a next step.

The docstring of a class is its sentence; names in braces are filled from the facts it is raised with.
"""

from typing import ClassVar


class TapeheadError(Exception):
    """{text}"""

    code: ClassVar[str] = "tapehead.error"
    exit_code: ClassVar[int] = 2

    def __init__(self, text: str | None = None, /, **facts: object) -> None:
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)
        super().__init__(text if text is not None else (type(self).__doc__ or "").format(**facts))

    def __reduce__(self) -> tuple[object, ...]:
        """Carry text and facts across processes."""
        return _rebuild, (type(self), str(self), self.facts)


def _rebuild(kind: type[TapeheadError], text: str, facts: dict[str, object]) -> TapeheadError:
    """Undo `TapeheadError.__reduce__`."""
    return kind(text, **facts)


class ParameterError(TapeheadError, ValueError):
    """{name}={value}: {name} must be {bound}."""

    code = "input.parameter"


class UnknownStrategyError(TapeheadError, LookupError):
    """No strategy '{name}'.{hint} List them: tapehead strategies"""

    code = "strategy.unknown"


class UnknownParameterError(TapeheadError, LookupError):
    """{strategy} has no parameter '{name}'.{hint} It has: {held}. See: tapehead strategies {strategy}"""

    code = "strategy.unknown_parameter"


class StrategyFileError(TapeheadError, ValueError):
    """{path} does not load as a strategy: {cause}. Mend the file, then list what it holds: tapehead strategies {path}"""

    code = "strategy.file"


class StrategyError(TapeheadError, RuntimeError):
    """{strategy} failed on {instrument} at {place}: {cause}."""

    code = "strategy.failed"


class SignalsError(TapeheadError, ValueError):
    """{strategy} on {instrument}: {cause}."""

    code = "strategy.signals"


class NoBarsError(TapeheadError, LookupError):
    """No bars for {symbol} {interval} in [{start}, {end}); the store holds {held}. Import a file that covers it: tapehead import PATH --symbol {symbol}"""

    code = "store.no_bars"


class NoReferenceError(TapeheadError, LookupError):
    """{strategy} reads {asked} {interval} beside each instrument, and the store holds none in the range.{hint} Name another by the strategy's parameter, such as -p reference=SYMBOL; see what is there: tapehead instruments"""

    code = "store.no_reference"


class EmptyRangeError(TapeheadError, ValueError):
    """The range [{start}, {end}) is empty: start must lie before end. For instance: --start {end} --end {start}"""

    code = "input.empty_range"


class UnknownSymbolError(TapeheadError, LookupError):
    """No instrument '{symbol}' in the store.{hint} List them: tapehead instruments"""

    code = "store.unknown_symbol"


class AmbiguousSymbolError(TapeheadError, LookupError):
    """'{symbol}' names {count} instruments: {held}. Say which one by its whole name: --symbols {first}, or tapehead bars {first}"""

    code = "store.ambiguous_symbol"


class FileThereError(TapeheadError, FileExistsError):
    """'{path}' is there already and stays as it is. Take another name: tapehead new strategy {other}"""

    code = "input.file_there"


class UnknownPresetError(TapeheadError, LookupError):
    """No preset '{name}'.{hint} List them: tapehead preset list"""

    code = "preset.unknown"


class PresetError(TapeheadError, ValueError):
    """'{name}' cannot name a preset: {cause}. Take a word: tapehead preset save mine SmaCross -p fast=5"""

    code = "preset.name"


class UnknownUniverseError(TapeheadError, LookupError):
    """No universe '{name}'.{hint} List them: tapehead universe list"""

    code = "store.unknown_universe"


class UniverseError(TapeheadError, ValueError):
    """{text}"""

    code = "store.universe"


class UnknownRunError(TapeheadError, LookupError):
    """No run '{run}'.{hint} List them: tapehead runs"""

    code = "runs.unknown"


class RunKeyError(TapeheadError, KeyError):
    """Run {run} has no result for '{symbol}'.{hint} See what it has: tapehead show {run}"""

    code = "runs.unknown_symbol"

    def __str__(self) -> str:
        """Return the sentence; KeyError would quote it."""
        return str(self.args[0])


class FileFormatError(TapeheadError, ValueError):
    """{path}: {cause}. {step}"""

    code = "import.format"


class MissingColumnError(TapeheadError, LookupError):
    """{path} has no column for {wanted}; it has: {held}. Name it: tapehead import {path} --columns {example}"""

    code = "import.missing_column"


class AmbiguousFileError(TapeheadError, ValueError):
    """{path}: {cause}. Decide it: tapehead import {path} {flag}"""

    code = "import.ambiguous"


class ImportConflictError(TapeheadError, ValueError):
    """{text}"""

    code = "import.conflict"


class SurroundingsError(TapeheadError, OSError):
    """{text}"""

    code = "surroundings"
    exit_code = 3

    def __str__(self) -> str:
        """Return the sentence; OSError would show its arguments."""
        return str(self.args[0])


class StoreLockedError(SurroundingsError):
    """The store {path} is being written by another process (pid {pid}). Wait for it, then run the command again."""

    code = "store.locked"


class NewerFormatError(SurroundingsError):
    """{path} has format {found}; this Tapehead {version} reads up to {known}. Use the Tapehead that wrote it, or another store: tapehead --home {other} doctor"""

    code = "store.newer_format"


class UnwritableHomeError(SurroundingsError):
    """{path} cannot be written: {cause}. Choose another folder: tapehead --home {other} doctor"""

    code = "store.unwritable"


class NetworkFileSystemError(SurroundingsError):
    """{path} lies on a network file system ({kind}), where SQLite's locks do not hold. Use a local disk: tapehead --home {other} doctor. A store shared by machines belongs in PostgreSQL."""

    code = "store.network_file_system"


class DiskFullError(SurroundingsError):
    """No space left in {path} while writing {what}; nothing was committed. Free some space, then run the command again."""

    code = "store.disk_full"


class MissingPackageError(TapeheadError, ModuleNotFoundError):
    """{call} needs {package}, which is not installed. Install it beside Tapehead: pip install {package}"""

    code = "surroundings.missing_package"
    exit_code = 3


class DamagedSegmentError(SurroundingsError):
    """Segment {segment} of {series} is damaged: {cause}. Import its file again: tapehead import PATH --symbol {symbol}"""

    code = "store.damaged_segment"


class UndoError(TapeheadError, ValueError):
    """Commit {number} cannot be undone: {cause}. {step}"""

    code = "store.undo"


class ExpressionError(TapeheadError, ValueError):
    """'{text}' is no filter: {cause}. For instance: tapehead universe create liquid --where '{example}'"""

    code = "input.expression"


class ScreenError(ExpressionError):
    """'{text}' is no screen: {cause}. For instance: tapehead screen '{example}'"""

    code = "input.screen"


class AdjustError(TapeheadError, LookupError):
    """{instrument} cannot be adjusted for {what}: {cause}. {step}"""

    code = "input.adjust"


class SourcePluginError(TapeheadError, RuntimeError):
    """The source plug-in '{plugin}' of {package} fails: {cause}. Nothing was written. Mend it, or take its package away: pip uninstall {package}"""

    code = "import.plugin"
    exit_code = 3


class ChangedRunError(TapeheadError, RuntimeError):
    """Run {run} cannot give {symbol} bar by bar: made again, its trades are others, so code or data changed. What did: tapehead verify {run}"""

    code = "runs.changed"


class MadeElsewhereError(TapeheadError, RuntimeError):
    """Run {run}: its trades were made elsewhere, by {name}, so nothing here knows why each of them was made or what it would be at other costs. What is kept of them: tapehead show {run} {symbol} --trades"""

    code = "runs.elsewhere"


class UnknownIndicatorError(TapeheadError, LookupError):
    """No indicator '{name}'.{hint} List them: tapehead indicators"""

    code = "indicator.unknown"


class IndicatorPluginError(TapeheadError, RuntimeError):
    """The indicator plug-in '{plugin}' of {package} fails: {cause}. Mend it, or take its package away: pip uninstall {package}"""

    code = "indicator.plugin"
    exit_code = 3


class HeldRunError(SurroundingsError):
    """Run {run} is being worked on by another process. Watch what it has finished: tapehead show {run}"""

    code = "runs.held"


class ResumeError(TapeheadError, RuntimeError):
    """Run {run} cannot go on: {cause}. {step}"""

    code = "runs.resume"


class ChangedSinceError(ResumeError):
    """Run {run} cannot go on: {changed} changed since it began. What it has finished is kept: tapehead show {run}"""

    code = "runs.changed_since"


class ServerAwayError(SurroundingsError):
    """{url} cannot be reached: {cause}. Start it where its store lies: tapehead serve"""

    code = "server.away"


class IncompleteStreamError(SurroundingsError):
    """{text}"""

    code = "stream.incomplete"


class NotServedError(TapeheadError, LookupError):
    """What is asked needs the store itself, and {url} is a service in front of it. On its machine: tapehead --home DIR {command}"""

    code = "server.not_served"


class ServiceError(TapeheadError):
    """{text}"""

    code = "service"


class DamagedTileError(SurroundingsError):
    """A tile of a sweep cannot be read: {cause}. Check the store: tapehead store verify"""

    code = "runs.tile_damaged"


class LocalServerError(SurroundingsError):
    """{text}"""

    code = "servers.local"


class DatabaseAwayError(SurroundingsError):
    """{url} cannot be used: {cause}. {step}: tapehead --home {url} db status"""

    code = "database.away"

    def __init__(self, text: str | None = None, /, **facts: object) -> None:
        super().__init__(text, **{"step": "See what it says", **facts})


class DatabaseLostError(DatabaseAwayError):
    """{url} cannot be used: {cause}. {step}: tapehead --home {url} db status"""


class UnknownCommitError(DatabaseAwayError):
    """{url} went away in the middle of a commit: {cause}. Whether it was kept is not known yet. Do the same again: what is there is found, and not made twice"""


class CollisionError(SurroundingsError):
    """{url}: two writers stood in each other's way again and again: {cause}. Nothing was written; do the same again"""

    code = "database.collision"


class LostRunError(SurroundingsError):
    """Run {run} was taken over by another process while this one could not reach the store; nothing further was written here. Watch it: tapehead show {run}"""

    code = "runs.lost"


class SuspendedRunError(SurroundingsError):
    """Run {run} is suspended, and what it finished is kept: {cause}. Go on with it: tapehead backtest --resume {run}"""

    code = "runs.suspended"


class DatabaseRefusedError(SurroundingsError):
    """{url} refused: {cause}. {step}"""

    code = "database.refused"


class PoolExhaustedError(SurroundingsError):
    """All {largest} connections to {url} were held for {wait_s:g} s: {held}. Allow more of them: TAPEHEAD_POOL={more}"""

    code = "database.pool"


class OlderSchemaError(SurroundingsError):
    """The store in {url} stands at step {found} and this Tapehead wants {newest}. Bring it there: tapehead --home {url} db upgrade"""

    code = "database.older_schema"


class NewerSchemaError(SurroundingsError):
    """The store in {url} stands at step {found}; this Tapehead knows steps up to {newest}. Use the Tapehead that moved it; its own: tapehead --version"""

    code = "database.newer_schema"


class UncacheableError(TapeheadError, TypeError):
    """{place} is {kind}, which the cache does not keep. It keeps {kept}. {step}."""

    code = "cache.uncacheable"


class CachedFunctionError(TapeheadError, ValueError):
    """{name} cannot be cached: {cause}. {step}."""

    code = "cache.function"


class PromoteError(TapeheadError, ValueError):
    """{source} cannot be promoted to {target}: {cause}. {step}"""

    code = "store.promote"


class RowsError(TapeheadError, ValueError):
    """The rows of {series} cannot be kept: {cause}. {step}"""

    code = "store.rows"


class DowngradeError(TapeheadError, ValueError):
    """{where} cannot go back before step {step}: {kept} would be lost. Nothing was changed. To take bars out instead: tapehead store export -o DIR"""

    code = "database.downgrade"


class SqlError(TapeheadError, ValueError):
    """The query was not answered: {cause}. {step}"""

    code = "input.sql"


class WeightsError(TapeheadError, ValueError):
    """The weights sum to {sum} at {time}, more than the leverage of {leverage}. {step}"""

    code = "portfolio.weights"


class CurrencyError(TapeheadError, ValueError):
    """{instrument} is in {quote}, the account in {currency}, and no series says what one is in the other. {step}"""

    code = "portfolio.currency"


class PortfolioError(TapeheadError, ValueError):
    """A portfolio of {strategy} cannot be made: {cause}. {step}"""

    code = "strategy.portfolio"


class SharedAccountError(TapeheadError, LookupError):
    """{symbol} has no account of its own in run {run}: all instruments share one. See it: tapehead show {run} account"""

    code = "portfolio.shared"
