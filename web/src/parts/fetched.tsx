/** A part whose code is fetched when it is wanted for the first time; something else stands in its place meanwhile. */
import type { ComponentType } from "react";
import { held, useHeld } from "./held";

/** React's own way, lazy within Suspense, shows nothing until 300 ms after what stands in its place was shown. */
export function fetched<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Meanwhile: ComponentType<P>,
): ComponentType<P> {
  const state = held<{ Shown: ComponentType<P>; fault?: unknown }>({ Shown: Meanwhile });
  let asked = false;
  return function Fetched(props: P) {
    const { Shown, fault } = useHeld(state);
    if (fault !== undefined) throw fault;
    if (!asked) {
      asked = true;
      load().then(
        (Found) => state.set({ Shown: Found }),
        (problem: unknown) => state.set({ Shown: Meanwhile, fault: problem }),
      );
    }
    return <Shown {...props} />;
  };
}
