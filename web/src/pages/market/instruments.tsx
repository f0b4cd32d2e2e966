/** The list of instruments, however long, by letters, universe and kind. */
import { useRef } from "react";
import * as format from "../../parts/format";
import { useRowKeys } from "../../parts/row_keys";
import { useWindowRows } from "../../parts/window_rows";
import { useUniverses } from "../run/market";
import { type Instrument, type Kind, KINDS, type Wanted } from "./listed";

interface Props {
  rows: readonly Instrument[];
  /** There are more than are listed. */
  cut: boolean;
  isAsked: boolean;
  wanted: Wanted;
  want: (wanted: Wanted) => void;
  here: string;
  open: (instrument: string) => void;
}

const TOUCH = matchMedia("(pointer: coarse)").matches;
const HEIGHT = TOUCH ? 48 : 28;

export function Instruments({ rows, cut, isAsked, wanted, want, here, open }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const universes = useUniverses().data ?? [];
  const inView = useWindowRows(rows.length, HEIGHT, place, 0);
  const keys = useRowKeys(rows.length, { open: (at) => openAt(at), show: inView.show });
  const openAt = (at: number) => {
    const row = rows[at];
    if (row) open(row.instrument);
  };
  return (
    <section className="market-list" aria-label="Instruments">
      <div className="market-filter">
        <input
          className="field"
          type="search"
          placeholder="Letters of a symbol"
          aria-label="Letters of a symbol"
          value={wanted.text}
          spellCheck={false}
          onChange={(event) => want({ ...wanted, text: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter") openAt(0);
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        <select
          className="field"
          aria-label="Universe"
          value={wanted.universe}
          onChange={(event) => want({ ...wanted, universe: event.target.value })}
        >
          <option value="">every universe</option>
          {universes.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <select
          className="field"
          aria-label="Kind"
          value={wanted.kind}
          onChange={(event) => want({ ...wanted, kind: event.target.value as Kind | "" })}
        >
          <option value="">every kind</option>
          {KINDS.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </div>
      <p className="hint market-count" data-count={rows.length}>
        {isAsked && `${cut ? "First " : ""}${format.several(rows.length, "instrument")}`}
        {cut && ": more letters find the others"}
      </p>
      <div className="scroll market-scroll" ref={place} tabIndex={0} role="region" aria-label="List of instruments">
        {isAsked && rows.length === 0 && <p className="hint market-none">No instrument fits.</p>}
        <ul style={{ paddingTop: inView.before, paddingBottom: Math.max(inView.after, 0) }}>
          {inView.places.map((at) => {
            const row = rows[at] as Instrument;
            return (
              <li
                key={row.instrument}
                data-row={row.instrument}
                className={at === keys.at ? "on" : ""}
                style={{ height: HEIGHT }}
              >
                <button
                  type="button"
                  aria-current={row.instrument === here ? "true" : undefined}
                  title={row.instrument}
                  onClick={() => {
                    keys.choose(at);
                    open(row.instrument);
                  }}
                >
                  <span className="name">{row.symbol}</span>
                  <span className="hint">
                    {row.delisted_at ? "delisted · " : ""}
                    {row.intervals.map((each) => each.interval).join(" ") || "no bars"}
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
