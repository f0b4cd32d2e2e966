/** The bar above a result: whose it is, what was asked, what is proved, and the way to the next one. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Schema } from "../../api/ask";
import type { LookAhead } from "../../api/events";
import { sentenceOf } from "../../parts/fault";
import * as format from "../../parts/format";
import { costsOfRun, isPooled } from "../../parts/spec";

interface Props {
  run: string;
  symbol: string;
  detail: Schema["RunDetail"] | undefined;
  ambiguous: number;
  flags: readonly string[];
  before: string | undefined;
  after: string | undefined;
}

export function TitleBar({ run, symbol, detail, ambiguous, flags, before, after }: Props) {
  const ended = detail?.ended as { look_ahead?: LookAhead | null } | null | undefined;
  return (
    <header className="title-bar">
      <Link href={`/runs/${run}`} className="back">
        ‹ Run <span className="id">{format.shortId(detail?.run ?? run)}</span>
      </Link>
      <h1 className="title">{symbol}</h1>
      <p className="dim asked">{detail ? asked(detail) : ""}</p>
      <ul className="chips">
        {/* All at once: one that came later would move the others. */}
        {detail && (
          <>
            {/* Nothing here can test or make again what another program made. */}
            {!detail.elsewhere && <Verdict found={ended?.look_ahead ?? null} state={detail.state} />}
            {!detail.elsewhere && detail.state === "completed" && <Verified run={detail.run} />}
            {ambiguous > 0 && (
              <li className="chip warn" data-ambiguous={ambiguous}>
                {format.count(ambiguous)} ambiguous
              </li>
            )}
            {flags.map((flag) => (
              <li key={flag} className="chip" data-flag={flag}>
                {flag.replaceAll("_", " ")}
              </li>
            ))}
          </>
        )}
      </ul>
      <nav className="neighbours" aria-label="Instruments of this run">
        <Step to={before && pathOf(run, before)} name="Previous instrument" press="[" />
        <Step to={after && pathOf(run, after)} name="Next instrument" press="]" />
      </nav>
    </header>
  );
}

export function pathOf(run: string, instrument: string): string {
  return `/runs/${run}/${encodeURIComponent(instrument)}`;
}

function Step({ to, name, press }: { to: string | undefined; name: string; press: string }) {
  if (!to)
    return (
      <span aria-hidden="true">
        <kbd>{press}</kbd>
      </span>
    );
  return (
    <Link href={to} aria-label={name} title={name}>
      <kbd>{press}</kbd>
    </Link>
  );
}

const FILLS: Record<string, string> = { next_open: "next open", close: "at the close", next_vwap: "next VWAP" };

/** What was asked, in one line: `RsiReversion 14/30/70 · 1h · next open · 10 + 2 bps`. */
function asked(detail: Schema["RunDetail"]): string {
  const { header, spec, elsewhere } = detail;
  if (elsewhere) return [header.strategy, header.interval, costsOfRun(detail)].join(" · ");
  const fill = FILLS[String(spec.fill ?? "next_open")] ?? String(spec.fill);
  const whose = isPooled(spec) ? ["one account"] : [];
  return [header.strategy, ...whose, header.interval, fill, costsOfRun(detail)].join(" · ");
}

function Verdict({ found, state }: { found: LookAhead | null; state: string }) {
  if (!found) {
    const words = state === "running" ? "look-ahead not tested yet" : "look-ahead not tested";
    return <li className="chip">{words}</li>;
  }
  const covered = `${format.several(found.instruments, "instrument")}, ${format.count(found.bars)} bars, ${format.several(found.cuts, "cut")}, ${format.several(found.signals, "signal")} compared`;
  if (!found.found)
    return (
      <li className="chip" data-look-ahead="none" title={covered}>
        ✓ no look-ahead
      </li>
    );
  const where = [found.instrument, found.bar && format.time(found.bar)].filter(Boolean).join(", ");
  return (
    <li className="chip loss" data-look-ahead="found" title={[found.text, where].filter(Boolean).join(" ") || covered}>
      ✕ look-ahead{where && ` at ${where}`}
    </li>
  );
}

/** Whether every bit comes out again; asked on a button, for it takes as long as the run. */
function Verified({ run }: { run: string }) {
  const verify = useMutation({
    mutationKey: ["verify", run],
    mutationFn: () => body(api.POST("/api/v1/runs/{run}/verify", { params: { path: { run } } })),
  });
  const verdict = verify.data?.verdict;
  if (verdict) {
    const differs = verdict === "differs";
    return (
      <li
        className={`chip ${differs ? "loss" : ""}`}
        data-verified={verdict}
        title={`${verdict}; ${format.several(verify.data?.compared ?? 0, "result")} compared. ${verify.data?.first_difference ?? ""}`}
      >
        {differs ? "✕ differs" : "✓ verified"}
      </li>
    );
  }
  return (
    <li className="chip" data-verified="no" title={verify.error ? sentenceOf(verify.error) : undefined}>
      {verify.isPending ? "verifying…" : verify.error ? "could not be verified" : "not verified"}
      {!verify.isPending && (
        <button type="button" className="verify" onClick={() => verify.mutate()}>
          Verify
        </button>
      )}
    </li>
  );
}
