/** The find box: symbols, runs and pages, by a few letters. */
import { useQuery } from "@tanstack/react-query";
import { useCombobox } from "downshift";
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, body } from "../api/ask";
import { useKeys } from "./keys";
import { isSweep, pathOf } from "./spec";
import "./find.css";

interface Found {
  path: string;
  name: string;
  kind: string;
}

const PAGES: readonly Found[] = [
  { path: "/", name: "Run a strategy", kind: "page" },
  { path: "/sweep", name: "Sweep parameters", kind: "page" },
  { path: "/runs", name: "Runs", kind: "page" },
  { path: "/market", name: "Market", kind: "page" },
  { path: "/screen", name: "Screen by indicators", kind: "page" },
  { path: "/data", name: "Data: import, undo", kind: "page" },
  { path: "/operations", name: "Operations", kind: "page" },
];
const MOST = 8;

async function look(text: string): Promise<Found[]> {
  const wanted = text.toLowerCase();
  const pages = PAGES.filter((each) => each.name.toLowerCase().includes(wanted));
  const [market, runs] = await Promise.all([
    body(api.GET("/api/v1/instruments", { params: { query: { query: text, limit: MOST } } })),
    body(api.GET("/api/v1/runs", { params: { query: { limit: 100 } } })),
  ]);
  const symbols = market.instruments.map((each) => ({
    path: `/market/${encodeURIComponent(each.instrument)}`,
    name: each.symbol,
    kind: each.venue,
  }));
  const kept = runs.runs
    .filter((each) => each.run.toLowerCase().startsWith(wanted) || strategyOf(each.spec).toLowerCase().includes(wanted))
    .slice(0, MOST)
    .map((each) => ({
      path: pathOf(each.run, each.spec),
      name: `${strategyOf(each.spec)} ${each.run.slice(0, 8)}`,
      kind: isSweep(each.spec) ? "sweep" : "run",
    }));
  return [...symbols, ...kept, ...pages].slice(0, 2 * MOST);
}

function strategyOf(spec: Record<string, unknown>): string {
  return String(spec.strategy ?? "");
}

export function Find() {
  const [, go] = useLocation();
  const [text, setText] = useState("");
  const box = useRef<HTMLInputElement>(null);
  const wanted = text.trim();
  const { data: items = [] } = useQuery({
    queryKey: ["find", wanted],
    queryFn: () => look(wanted),
    enabled: wanted !== "",
    placeholderData: (before) => before,
  });
  const shown = wanted === "" ? [] : items;
  const { isOpen, getInputProps, getMenuProps, getItemProps, highlightedIndex, reset } = useCombobox<Found>({
    items: shown,
    itemToString: (item) => item?.name ?? "",
    inputValue: text,
    defaultHighlightedIndex: 0,
    onSelectedItemChange: ({ selectedItem }) => {
      if (!selectedItem) return;
      go(selectedItem.path);
      setText("");
      reset();
      box.current?.blur();
    },
  });
  useKeys([{ press: "/", does: "find", act: () => box.current?.focus() }]);
  return (
    <div className="find">
      <input
        {...getInputProps({
          ref: box,
          // At once: what a combobox tells after its own render loses letters that are typed quickly.
          onChange: (event) => setText(event.currentTarget.value),
          onKeyDown: (event) => {
            if (event.key === "Escape" && !isOpen) box.current?.blur();
          },
        })}
        className="field"
        placeholder="Find symbol, run, page"
        aria-label="Find symbol, run or page"
        spellCheck={false}
      />
      <kbd>/</kbd>
      <ul {...getMenuProps({ "aria-label": "Found" })} hidden={!isOpen || wanted === ""}>
        {isOpen &&
          shown.map((item, index) => (
            <li
              {...getItemProps({ item, index })}
              key={`${item.path} ${item.name}`}
              className={index === highlightedIndex ? "on" : ""}
            >
              <span>{item.name}</span> <span className="hint">{item.kind}</span>
            </li>
          ))}
        {isOpen && wanted !== "" && shown.length === 0 && <li className="hint">Nothing has these letters.</li>}
      </ul>
    </div>
  );
}
