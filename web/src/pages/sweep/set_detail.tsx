/** One set over the instruments: how its returns spread, and each instrument with the way to it. */
import { useMemo } from "react";
import { Link } from "wouter";
import { Histogram } from "../../charts/histogram";
import * as format from "../../parts/format";
import { metricOf } from "../../parts/metrics";
import { symbolOf } from "../../parts/names";
import type { Form } from "../run/spec";
import type { SetDetail } from "./asked";
import { aloneOf } from "./form";
import { valueText } from "./plane";

interface SetProps {
  /** What is known of it; undefined while nothing is. */
  found: SetDetail | undefined;
  /** Its parameters in words, `fast 5, slow 20`; empty where none is meant. */
  name: string;
  /** Whether it has a result. */
  tried: boolean;
  /** The sweep's own form. */
  form: Form;
  width: number;
}

export function SetOverInstruments({ found, name, tried, form, width }: SetProps) {
  const returns = useMemo(
    () => (found?.instruments ?? []).map((one) => one.total_return).filter((one) => one !== null),
    [found],
  );
  if (!found) {
    return (
      <section data-set="none">
        <h2 className="group">One set over the instruments</h2>
        <p className="hint">
          {name === "" ? "Point at a cell, or move by the arrow keys." : tried ? `${name}.` : `${name}: no result yet.`}
        </p>
      </section>
    );
  }
  const metric = metricOf(found.metric);
  const both = found.metric !== "total_return";
  const alone = aloneOf(form, found.parameters);
  return (
    <section data-set={found.point}>
      <h2 className="group">
        {Object.entries(found.parameters)
          .map(([parameter, value]) => `${parameter} ${valueText(value)}`)
          .join(", ")}{" "}
        <Link className="link" href={`/?${alone()}`}>
          Run it alone
        </Link>
      </h2>
      <p className="label" key={returns.length}>
        Return over {format.several(returns.length, "instrument")}, %
      </p>
      <Histogram values={returns} marked={undefined} width={width} />
      <table className="list over" aria-label="One set over the instruments">
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            {both && (
              <th scope="col" className="number" title={metric.means}>
                {metric.short}
              </th>
            )}
            <th scope="col" className="number">
              Return %
            </th>
          </tr>
        </thead>
        <tbody>
          {/* Keyed by place: while values come, rows change what they say and do not move. */}
          {found.instruments.map((one, place) => (
            <tr key={place} data-instrument={one.instrument}>
              <td>
                <Link href={`/?${alone(one.instrument)}`} title={`Run this set on ${symbolOf(one.instrument)} alone`}>
                  {symbolOf(one.instrument)}
                </Link>
              </td>
              {both && <Value name={found.metric} value={one.value} />}
              <Value name="total_return" value={one.total_return} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Value({ name, value }: { name: string; value: number | null }) {
  const metric = metricOf(name);
  const tone = !metric.signed || !value ? "" : value > 0 ? "gain" : "loss";
  return (
    <td className={`number ${tone}`} data-metric={name} data-value={value ?? undefined} title={String(value ?? "")}>
      <span key={value}>{value === null ? "–" : metric.write(value)}</span>
    </td>
  );
}
