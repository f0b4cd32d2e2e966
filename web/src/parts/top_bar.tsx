/** The bar above every page: where one is, whether the service answers, the find box. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { readiness } from "../api/readiness";
import { connection } from "./connection";
import { Dialog } from "./dialog";
import { Find } from "./find";
import { useHeld } from "./held";
import "./top_bar.css";

export const PLACES = [
  { path: "/", name: "Run" },
  { path: "/sweep", name: "Sweep" },
  { path: "/runs", name: "Runs" },
  { path: "/market", name: "Market" },
  { path: "/screen", name: "Screen" },
  { path: "/data", name: "Data" },
  { path: "/operations", name: "Operations" },
] as const;

function isHere(path: string, at: string): boolean {
  if (path === "/") return at === "/" || /^\/runs\/[^/]+/.test(at);
  return path === "/runs" ? at === "/runs" || at.startsWith("/compare") : at.startsWith(path);
}

const WORDS = { live: "Live", resuming: "Resuming…", offline: "Offline" } as const;

const MENDED_EVERY_MS = 10_000;

/** What is away may come back: the service is asked until the tiers do their work again. */
function useMending(degraded: string): void {
  const { data } = useQuery({
    queryKey: ["mending", degraded],
    queryFn: readiness,
    enabled: degraded !== "",
    refetchInterval: MENDED_EVERY_MS,
    staleTime: 0,
    gcTime: 0,
  });
  const mended = degraded !== "" && data?.dependencies.find((one) => one.name === "tiers")?.state === "ok";
  useEffect(() => {
    if (mended) connection.set({ ...connection.get(), degraded: "" });
  }, [mended]);
}

export function ConnectionWord() {
  const { state, degraded } = useHeld(connection);
  useMending(degraded);
  const word = degraded && state === "live" ? degraded : WORDS[state];
  const tone = degraded || state === "resuming" ? "warn" : state === "live" ? "gain" : "loss";
  return (
    <span className="connection" data-connection={state}>
      <span className={`dot ${tone}`} aria-hidden="true" />
      {word}
    </span>
  );
}

export function TopBar({ help }: { help: () => void }) {
  const [at] = useLocation();
  const [menu, setMenu] = useState(false);
  const links = PLACES.map(({ path, name }) => (
    <Link key={path} href={path} aria-current={isHere(path, at) ? "page" : undefined} onClick={() => setMenu(false)}>
      {name}
    </Link>
  ));
  return (
    <header className="top-bar">
      <Link href="/" className="wordmark">
        tapehead
      </Link>
      <nav aria-label="Pages">{links}</nav>
      <span className="spacer" />
      <ConnectionWord />
      <Find />
      <button type="button" className="help" onClick={help} aria-label="Keys" title="Keys">
        <kbd>?</kbd>
      </button>
      <button type="button" className="menu" aria-label="Menu" aria-expanded={menu} onClick={() => setMenu(true)}>
        ☰
      </button>
      {menu && (
        <Dialog title="Pages" close={() => setMenu(false)}>
          <nav className="sheet" aria-label="All pages">
            {links}
          </nav>
          <Find />
        </Dialog>
      )}
    </header>
  );
}
