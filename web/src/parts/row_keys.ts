/** A row that keys move through a list: `j k`, arrows, `↵`, and what else the list takes of its row. */
import { useEffect, useState } from "react";
import { type Key, useKeys } from "./keys";

export interface RowKeys {
  /** Place of the chosen row, -1 for none. */
  at: number;
  choose: (at: number) => void;
}

/** Keys of a list of `count` rows; `show` brings a row into view, `more` are keys that need the chosen row. */
export function useRowKeys(
  count: number,
  { open, show, more = [] }: { open: (at: number) => void; show: (at: number) => void; more?: readonly RowKey[] },
): RowKeys {
  const [at, choose] = useState(-1);
  useEffect(() => {
    if (at >= count) choose(count - 1);
  }, [at, count]);
  const move = (by: number) => {
    if (count === 0) return;
    const next = Math.max(0, Math.min(count - 1, at < 0 && by < 0 ? count - 1 : at + by));
    choose(next);
    show(next);
  };
  const mine: Key[] = [
    { press: "j", does: "next row", act: () => move(1) },
    { press: "k", does: "row before", act: () => move(-1) },
    { press: "ArrowDown", does: "next row", act: () => move(1) },
    { press: "ArrowUp", does: "row before", act: () => move(-1) },
    { press: "Enter", does: "open the row", act: () => at >= 0 && open(at) },
  ];
  useKeys([...mine, ...more.map(({ press, does, act }) => ({ press, does, act: () => at >= 0 && act(at) }))]);
  return { at, choose };
}

export interface RowKey {
  press: string;
  does: string;
  act: (at: number) => void;
}
