/** The metrics of a result: each with its convention on hover, and the band of both orders inside the bars. */
import type { Metrics } from "../../api/events";
import * as format from "../../parts/format";
import { type Convention, CURVE_METRICS, METRICS, type Metric, written, yearInWords } from "../../parts/metrics";

const FIRST = [
  "total_return",
  "cagr",
  "sharpe",
  "sortino",
  "volatility_annual",
  "max_drawdown",
  "max_drawdown_days",
  "trades",
  "win_rate",
  "profit_factor",
  "expectancy_return",
  "exposure",
  "fees_paid",
  "break_even_fee",
  "ambiguous_trades",
];
const ALL = [...METRICS, ...CURVE_METRICS];
const BY_NAME = new Map(ALL.map((each) => [each.name, each]));
const HEAD = FIRST.map((name) => BY_NAME.get(name) as Metric);
const REST = ALL.filter(({ name }) => !FIRST.includes(name));

export interface Band {
  pessimistic: number;
  optimistic: number;
}

interface Props {
  metrics: Metrics;
  why: Record<string, string>;
  convention: Convention | undefined;
  /** All that can be known is. */
  loaded: boolean;
}

/** `other`: whether the other order of prices inside the bars can be told of. */
export function MetricList({ band, other, ...told }: Props & { band: Band | undefined; other: boolean }) {
  return (
    <section aria-label="Metrics">
      <h2 className="group">Metrics</h2>
      <dl className="metrics">
        {HEAD.map((one) => (
          <MetricRow key={one.name} one={one} {...told} />
        ))}
        <BandRow band={band} other={other} />
      </dl>
    </section>
  );
}

export function MoreMetrics(told: Props) {
  return (
    <section aria-label="More metrics">
      <h2 className="group">More metrics</h2>
      <dl className="metrics">
        {REST.map((one) => (
          <MetricRow key={one.name} one={one} {...told} />
        ))}
      </dl>
    </section>
  );
}

function MetricRow({ one, metrics, why, convention, loaded }: Props & { one: Metric }) {
  const year = convention ? yearInWords(convention) : "";
  const shown = one.name in metrics ? written(one, metrics, why, year) : undefined;
  const unit = one.unit && shown?.raw !== null ? ` ${one.unit}` : "";
  return (
    <div title={shown?.hover ?? one.means}>
      <dt>{one.label}</dt>
      <dd className={shown?.tone ?? ""} data-metric={one.name} data-value={shown?.raw ?? undefined}>
        {shown ? shown.text + unit : loaded ? "–" : ""}
      </dd>
    </div>
  );
}

const BAND = "Total return by the worse and by the better order inside every bar: a spread of two rules, not a bound.";

function BandRow({ band, other }: { band: Band | undefined; other: boolean }) {
  const [low, high] = band ? [band.pessimistic, band.optimistic] : [];
  return (
    <div title={band ? `${low} … ${high} · ${BAND}` : BAND}>
      <dt>Range</dt>
      <dd key={`${low} ${high}`} data-band data-low={low} data-high={high}>
        {low !== undefined && high !== undefined
          ? `${format.percent(low)} … ${format.percent(high)} %`
          : other
            ? ""
            : "–"}
      </dd>
    </div>
  );
}
