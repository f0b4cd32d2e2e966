/** What stands around every page: skip link, top bar, the line about a lost connection, keys of everywhere. */
import { type ReactNode, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { BACK_MS } from "../api/follow";
import { announcement } from "./announce";
import { connection } from "./connection";
import * as format from "./format";
import { useHeld } from "./held";
import { KeyList } from "./key_list";
import { KeyWanted } from "./key_wanted";
import { listenForKeys, useKeys } from "./keys";
import { followTheme, turnTheme } from "./theme";
import { TopBar } from "./top_bar";

/** The quiet bar while the service is away, and for three seconds after it is back. */
export function LostLine() {
  const { state, waitMs, caughtUp } = useHeld(connection);
  const [back, setBack] = useState(false);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (state !== "live") {
      setLost(true);
      setBack(false);
      return;
    }
    if (!lost) return;
    setBack(true);
    const timer = setTimeout(() => {
      setBack(false);
      setLost(false);
    }, BACK_MS);
    return () => clearTimeout(timer);
  }, [state, lost]);
  if (state !== "live") {
    const text = `Connection lost, trying again in ${Math.ceil(waitMs / 1000)} s. The run goes on.`;
    return (
      <p className="quiet" role="status" data-line={state}>
        {text}
      </p>
    );
  }
  if (!back) return null;
  return (
    <p className="quiet" role="status" data-line="back">
      Back. {format.several(caughtUp, "result")} caught up, none lost.
    </p>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const [, go] = useLocation();
  const [keysShown, showKeys] = useState(false);
  const sentence = useHeld(announcement);
  useEffect(() => listenForKeys(), []);
  useEffect(() => followTheme(() => {}), []);
  useKeys([
    { press: "g o", does: "go to Operations", act: () => go("/operations") },
    { press: "g d", does: "go to Data", act: () => go("/data") },
    { press: "g e", does: "go to Screen", act: () => go("/screen") },
    { press: "g m", does: "go to Market", act: () => go("/market") },
    { press: "g s", does: "go to Sweep", act: () => go("/sweep") },
    { press: "g r", does: "go to Runs", act: () => go("/runs") },
    { press: "t", does: "light or dark", act: turnTheme },
    { press: "y", does: "copy the link", act: () => void navigator.clipboard?.writeText(location.href) },
    { press: "?", does: "these keys", act: () => showKeys((shown) => !shown) },
  ]);
  return (
    <>
      <a className="skip" href="#main">
        To the page
      </a>
      <TopBar help={() => showKeys(true)} />
      <LostLine />
      {children}
      <p className="unseen" role="status" aria-live="polite">
        {sentence}
      </p>
      {keysShown && <KeyList close={() => showKeys(false)} />}
      <KeyWanted />
    </>
  );
}
