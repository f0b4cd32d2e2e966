/** What the same fills would have made at another fee, and the fee at which the profit ends. */
import { useMemo, useState } from "react";
import * as format from "../../parts/format";
import { whyNot } from "../../parts/metrics";
import { type Basis, type Fill, returnAt } from "./costs";

const MOST_BPS = 50;
const BPS = 1e-4;

interface Props {
  trades: readonly Fill[];
  basis: Basis | null | undefined;
  /** Of the run, a fraction; NaN where it is no plain one. */
  fee: number;
  breakEven: number | null;
  /** Why there is no break-even. */
  why: string;
  loaded: boolean;
}

export function CostSlider({ trades, basis, fee, breakEven, why, loaded }: Props) {
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const bps = chosen ?? Math.min(Number.isFinite(fee) ? fee / BPS : 0, MOST_BPS);
  const gain = useMemo(() => (basis ? returnAt(bps * BPS, trades, basis) : null), [basis, bps, trades]);
  const ends = breakEven === null ? undefined : breakEven / BPS;
  const can = Boolean(basis);
  const tone = gain === null || gain === 0 ? "" : gain > 0 ? "gain" : "loss";
  return (
    <section className="costs" aria-label="Costs">
      <h2 className="group">Costs</h2>
      <div className="figures">
        <label htmlFor="fee-a-side">
          Fee a side <output data-fee={bps}>{format.ratio(bps, false).replace(/\.?0+$/, "")} bps</output>
        </label>
        <span
          // A figure that changes is another one, and nothing has moved.
          key={gain}
          className={`number ${tone}`}
          data-metric="return_at_fee"
          data-value={gain ?? undefined}
          title={gain === null ? undefined : `${gain} · Total return of the same fills at this fee.`}
        >
          {gain === null ? (loaded ? "–" : "") : `${format.percent(gain)} %`}
        </span>
      </div>
      <div className="track">
        <input
          id="fee-a-side"
          type="range"
          min={0}
          max={MOST_BPS}
          step={0.5}
          value={bps}
          disabled={!can}
          onChange={(event) => setChosen(event.currentTarget.valueAsNumber)}
        />
        {ends !== undefined && ends <= MOST_BPS && (
          <span
            className="ends"
            aria-hidden="true"
            style={{ left: `calc(8px + (100% - 16px) * ${ends / MOST_BPS})` }}
          />
        )}
      </div>
      <p className="hint" data-break-even={ends}>
        {ends !== undefined
          ? `Profit ends at ${format.ratio(ends, false)} bps.`
          : whyNot(why || (loaded && !can ? "needs_run" : ""))}
      </p>
    </section>
  );
}
