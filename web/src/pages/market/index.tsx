/** What the store holds: its instruments, and of one of them candles, indicators, coverage and facts. */
import { useEffect, useRef, useState } from "react";
import { useLocation, useParams } from "wouter";
import { Fault } from "../../parts/fault";
import { useKeys } from "../../parts/keys";
import { useWidth } from "../../parts/layout";
import { plainText } from "../../parts/names";
import { useInstrument } from "../result/asked";
import { EmptyStore } from "../run/states";
import { Instruments } from "./instruments";
import { type Instrument, useInstruments, type Wanted } from "./listed";
import { One } from "./one";
import "./market.css";

const EVERYTHING: Wanted = { text: "", universe: "", kind: "" };

export function pathOf(instrument: string): string {
  return `/market/${encodeURIComponent(instrument)}`;
}

export default function MarketPage() {
  const [, go] = useLocation();
  const asked = plainText(useParams<{ symbol?: string }>().symbol ?? "");
  const [wanted, want] = useState(EVERYTHING);
  const { rows, isAsked, fault, isEmpty, cut } = useInstruments(wanted);
  const phone = useWidth() === "phone";
  // The one of the address is not waited for until the whole list is there.
  const known = useKnown(rows, asked);
  const alone = useInstrument(known ? "" : asked);
  const found = known ?? alone.data ?? undefined;
  const first = rows[0]?.instrument;
  useEffect(() => {
    if (!asked && !phone && first) go(pathOf(first), { replace: true });
  }, [asked, phone, first, go]);
  const here = found ? rows.findIndex((row) => row.instrument === found.instrument) : -1;
  const step = (by: number) => {
    const next = rows[here + by];
    if (here >= 0 && next) go(pathOf(next.instrument));
  };
  useKeys([
    { press: "[", does: "previous instrument", act: () => step(-1) },
    { press: "]", does: "next instrument", act: () => step(1) },
    { press: "Backspace", does: "back", act: () => history.back() },
  ]);
  const state = fault ? "failed" : isAsked ? "done" : "idle";
  return (
    <main id="main" data-page="market" data-state={state} tabIndex={-1} className={asked ? "market one" : "market"}>
      {fault ? (
        <Fault fault={fault} />
      ) : isEmpty ? (
        <EmptyStore />
      ) : (
        <div className="market-body">
          {(!phone || !asked) && (
            <Instruments
              rows={rows}
              cut={cut}
              isAsked={isAsked}
              wanted={wanted}
              want={want}
              here={found?.instrument ?? ""}
              open={(instrument) => go(pathOf(instrument))}
            />
          )}
          {asked &&
            (found ? (
              <One key={found.instrument} instrument={found} phone={phone} step={step} />
            ) : (
              isAsked && !alone.isFetching && <Unknown name={asked} />
            ))}
        </div>
      )}
    </main>
  );
}

/** The instrument of the address; it stays while the list is filtered to others. */
function useKnown(rows: readonly Instrument[], asked: string): Instrument | undefined {
  const last = useRef<Instrument | undefined>(undefined);
  const found = rows.find((row) => row.instrument === asked) ?? rows.find((row) => row.symbol === asked);
  const named = (one: Instrument | undefined) =>
    one !== undefined && (one.instrument === asked || one.symbol === asked);
  if (found) last.current = found;
  return found ?? (named(last.current) ? last.current : undefined);
}

function Unknown({ name }: { name: string }) {
  return (
    <div className="empty" data-empty="instrument">
      <h1>No instrument {name}.</h1>
      <p>Choose one of the list, or look for its letters.</p>
    </div>
  );
}
