/** The key of a service that asks for one. It goes into a header, never into an address, and ends with the tab. */
const PLACE = "tapehead.key";
const wanted = new Set<() => void>();
const kept = new Set<() => void>();

export function key(): string | null {
  return sessionStorage.getItem(PLACE);
}

export function keepKey(text: string): void {
  sessionStorage.setItem(PLACE, text);
  for (const call of kept) call();
}

export function headers(): Record<string, string> {
  const held = key();
  return held === null ? {} : { Authorization: `Bearer ${held}` };
}

/** Have `call` called whenever an answer says that a key, or another one, is needed. */
export function onKeyWanted(call: () => void): () => void {
  wanted.add(call);
  return () => wanted.delete(call);
}

/** Have `call` called whenever another key is kept: what was refused for want of it can be asked again. */
export function onKeyKept(call: () => void): () => void {
  kept.add(call);
  return () => kept.delete(call);
}

export function askForKey(): void {
  for (const call of wanted) call();
}
