/** Two runs side by side: what was asked, how each instrument came out in both, and the trades that differ. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { api, body } from "../../api/ask";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { useKeys } from "../../parts/keys";
import { universeOf } from "../../parts/spec";
import { Instruments } from "./instruments";
import { Picture } from "./picture";
import { Settings } from "./settings";
import { Apart } from "./apart";
import { COMPARED, type ComparedResult, type Comparison, reasonWords } from "./compared";
import "./compare.css";

export default function ComparePage() {
  const { a = "", b = "" } = useParams();
  const [, go] = useLocation();
  const { data, error } = useQuery({
    queryKey: ["compare", a, b],
    queryFn: () =>
      body(
        api.GET("/api/v1/runs/{a}/compare/{b}", {
          params: { path: { a, b }, query: { instruments: 0, limit: 10_000, metrics: COMPARED.join(",") } },
        }),
      ),
    staleTime: Infinity,
  });
  useKeys([{ press: "Backspace", does: "back to the runs", act: () => go("/runs") }]);
  return (
    <main
      id="main"
      data-page="compare"
      data-state={data ? "done" : error ? "failed" : "idle"}
      tabIndex={-1}
      className="compare"
    >
      <div className="compare-head">
        <Link href="/runs">‹ Runs</Link>
        <h1 className="title">Compare</h1>
        {data && (
          <span className="hint">
            {universeOf(data.a.spec) === universeOf(data.b.spec) ? universeOf(data.a.spec) : "two universes"} ·{" "}
            {format.several(data.results.length, "instrument")}
          </span>
        )}
      </div>
      {error && <Fault fault={error} />}
      {data && <Both found={data} />}
    </main>
  );
}

function Both({ found }: { found: Comparison }) {
  const [metric, setMetric] = useState<string>(COMPARED[0]);
  const [chosen, choose] = useState(() => furthest(found)?.instrument ?? "");
  const [pointed, point] = useState<string | undefined>(undefined);
  const told = useMemo(() => reasonWords(found.reasons), [found]);
  return (
    <div className="compare-body">
      <section className="compare-left" aria-label="Settings and picture">
        <p className="compare-reasons" data-reasons={found.reasons.join(" ")}>
          {told}
        </p>
        <Settings a={found.a} b={found.b} differing={found.differing} />
        <Picture
          results={found.results}
          metric={metric}
          change={setMetric}
          marked={pointed ?? chosen}
          point={point}
          choose={choose}
        />
      </section>
      <section className="compare-right" aria-label="Instruments and trades">
        <Instruments results={found.results} metric={metric} chosen={chosen} choose={choose} pointed={pointed} />
        {chosen && <Apart a={found.a.run} b={found.b.run} instrument={chosen} />}
      </section>
    </div>
  );
}

/** The instrument whose return differs most, of those whose trades differ if there are some. */
function furthest({ results }: Comparison): ComparedResult | undefined {
  const apart = results.filter((row) => row.same_trades === false);
  const by = ({ a, b }: ComparedResult) => Math.abs((a?.total_return ?? 0) - (b?.total_return ?? 0));
  return (apart.length ? apart : results).reduce<ComparedResult | undefined>(
    (most, row) => (most === undefined || by(row) > by(most) ? row : most),
    undefined,
  );
}
