/** A value outside the tree that parts of the page share, and the hook that reads it. */
import { useSyncExternalStore } from "react";

export interface Held<T> {
  get: () => T;
  set: (value: T) => void;
  subscribe: (listener: () => void) => () => void;
}

export function held<T>(first: T): Held<T> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useHeld<T>(one: Held<T>): T {
  return useSyncExternalStore(one.subscribe, one.get);
}

/** A choice that is kept in this browser under a name. */
export function kept<T>(name: string, first: T): Held<T> {
  const place = `tapehead.${name}`;
  let found = first;
  try {
    const text = localStorage.getItem(place);
    if (text !== null) found = JSON.parse(text) as T;
  } catch {
    // What cannot be read is as good as nothing: the first choice stands.
  }
  const one = held(found);
  one.subscribe(() => localStorage.setItem(place, JSON.stringify(one.get())));
  return one;
}
