/** What narrows the table: letters of a symbol and ranges that were drawn, each to be taken off again. */
import { useEffect, useRef } from "react";
import * as format from "../../parts/format";
import { useHeld } from "../../parts/held";
import { metricOf } from "../../parts/metrics";
import type { Brush } from "./order";
import { EVERYTHING } from "./order";
import { wanted } from "./shown";

export function FilterBar({ typing, close }: { typing: boolean; close: () => void }) {
  const now = useHeld(wanted);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (typing) box.current?.focus();
  }, [typing]);
  if (!typing && now === EVERYTHING) return null;
  const clear = () => {
    wanted.set(EVERYTHING);
    close();
  };
  return (
    <div className="filter-bar">
      <input
        ref={box}
        className="field"
        placeholder="Letters of a symbol"
        aria-label="Filter by symbol"
        value={now.text}
        spellCheck={false}
        onChange={(event) => wanted.set({ ...now, text: event.target.value })}
      />
      {now.brushes.map((brush) => (
        <button
          key={brush.metric}
          type="button"
          className="chip"
          data-brush={brush.metric}
          onClick={() => wanted.set({ ...now, brushes: now.brushes.filter((one) => one !== brush) })}
        >
          {saidOf(brush)} ✕
        </button>
      ))}
      {now.only && (
        <button type="button" className="chip" onClick={() => wanted.set({ ...now, only: undefined })}>
          {format.several(now.only.size, "instrument")} with a warning ✕
        </button>
      )}
      <button type="button" className="button small" onClick={clear}>
        Show all
      </button>
    </div>
  );
}

/** `Return −20.0 to +10.0 %`; a drag to the edge has no end there. */
function saidOf({ metric, low, high }: Brush): string {
  const one = metricOf(metric);
  const name = one.short.replace(" %", "");
  const unit = one.unit ? ` ${one.unit}` : "";
  if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return `${name} any`;
  if (low === Number.NEGATIVE_INFINITY) return `${name} below ${one.write(high)}${unit}`;
  if (high === Number.POSITIVE_INFINITY) return `${name} from ${one.write(low)}${unit}`;
  return `${name} ${one.write(low)} to ${one.write(high)}${unit}`;
}
