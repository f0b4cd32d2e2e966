/** Keys of the page: one table, off while typing; each part adds its own while it is shown. */
import { useEffect, useRef } from "react";

export interface Key {
  /** `/`, `g r`, `mod+Enter`, `ArrowDown`: what is pressed; two words are pressed one after the other. */
  press: string;
  /** What it does, for the list of keys. */
  does: string;
  act: (event: KeyboardEvent) => void;
  /** Also while something is typed. */
  typing?: boolean;
}

const SEQUENCE_MS = 1200;
const layers: (readonly Key[])[] = [];
let first = "";
let firstAt = 0;

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]):not([type=range]), textarea, select"))
  );
}

function named(event: KeyboardEvent): string {
  const mod = event.metaKey || event.ctrlKey ? "mod+" : "";
  return mod + event.key;
}

function found(press: string): Key | undefined {
  for (let i = layers.length - 1; i >= 0; i--) {
    const key = layers[i]?.find((each) => each.press === press);
    if (key) return key;
  }
  return undefined;
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const press = named(event);
  // Enter on a link or a button presses that.
  if (press === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary")) return;
  const both = first && event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${press}` : "";
  const key = (both && found(both)) || found(press);
  first = "";
  if (!key) {
    if (!typing(event.target) && layers.some((layer) => layer.some((each) => each.press.startsWith(`${press} `)))) {
      first = press;
      firstAt = event.timeStamp;
    }
    return;
  }
  if (typing(event.target) && !key.typing) return;
  event.preventDefault();
  key.act(event);
}

/** Listen from now on; once for the page. */
export function listenForKeys(): () => void {
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

/** Have keys while a part is shown; of two parts with the same key the one that came last has it. */
export function useKeys(keys: readonly Key[]): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    const layer: Key[] = now.current.map((key, place) => ({ ...key, act: (event) => now.current[place]?.act(event) }));
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, []);
}

/** Every key that is on now, the ones of the shown page first, for the list that `?` shows. */
export function allKeys(): Key[] {
  const seen = new Map<string, Key>();
  for (const layer of [...layers].reverse())
    for (const key of layer) if (!seen.has(key.press)) seen.set(key.press, key);
  return [...seen.values()];
}
