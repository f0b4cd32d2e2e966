/** One metric of A against B, a point an instrument, and how many came out better in B. */
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { Pairs } from "../../charts/pairs";
import * as format from "../../parts/format";
import { metricOf } from "../../parts/metrics";
import { COMPARED, type ComparedResult } from "./compared";

const MOST = 320;

interface Props {
  results: readonly ComparedResult[];
  metric: string;
  change: (metric: string) => void;
  marked: string | undefined;
  point: (instrument: string | undefined) => void;
  choose: (instrument: string) => void;
}

export function Picture({ results, metric, change, marked, point, choose }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const here = place.current;
    if (!here) return;
    const measure = new ResizeObserver(() => setWidth(here.clientWidth));
    measure.observe(here);
    setWidth(here.clientWidth);
    return () => measure.disconnect();
  }, []);
  const pairs = useMemo(
    () =>
      results.flatMap(({ instrument, a, b }) => {
        const [x, y] = [a?.[metric], b?.[metric]];
        return typeof x === "number" && typeof y === "number" ? [{ name: instrument, a: x, b: y }] : [];
      }),
    [results, metric],
  );
  const one = metricOf(metric);
  const higher = pairs.filter(({ a, b }) => b > a).length;
  const medians = [format.median(pairs.map(({ a }) => a)), format.median(pairs.map(({ b }) => b))];
  const label = `${one.label} of A against B: higher in B on ${higher} of ${pairs.length} instruments`;
  return (
    <figure className="compare-pairs">
      <figcaption>
        <label className="group" htmlFor="compared">
          A across, B up
        </label>
        <select id="compared" className="field" value={metric} onChange={(event) => change(event.target.value)}>
          {COMPARED.map((name) => (
            <option key={name} value={name}>
              {metricOf(name).label}
            </option>
          ))}
        </select>
      </figcaption>
      <div ref={place} className="compare-scatter" data-pairs={pairs.length} data-higher={higher}>
        {width > 0 && (
          <Pairs
            pairs={pairs}
            label={label}
            marked={marked}
            point={point}
            choose={choose}
            size={Math.min(width, MOST)}
            write={one.write}
          />
        )}
      </div>
      <p className="hint">
        Higher in B on {format.count(higher)} of {format.several(pairs.length, "instrument")} · median{" "}
        {medians.map((value, at) => (
          <span key={at} data-median={"ab"[at]} data-value={value ?? ""}>
            {at === 1 && " → "}
            {value === null ? "–" : one.write(value)}
          </span>
        ))}
        {one.unit ? ` ${one.unit}` : ""}
      </p>
    </figure>
  );
}
