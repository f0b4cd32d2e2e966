/** What is held over time, a cell a stretch: full, partly, missing, or confirmed to be without bars. */
import { useMemo } from "react";
import "./coverage_strip.css";

interface Stretch {
  letter: string;
  from: number;
  cells: number;
}

const WORDS: Record<string, string> = { "#": "held", "+": "partly", "-": "missing", o: "confirmed empty" };

/** Neighbouring cells that say the same, as one. */
function stretches(strip: string): Stretch[] {
  const found: Stretch[] = [];
  for (let at = 0; at < strip.length; at++) {
    const letter = strip[at] as string;
    const last = found.at(-1);
    if (last?.letter === letter) last.cells += 1;
    else found.push({ letter, from: at, cells: 1 });
  }
  return found;
}

/** The strip in words, for those who do not see it: `57 held, 3 partly`. */
export function stripText(strip: string): string {
  const counts = new Map<string, number>();
  for (const letter of strip) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const told = Object.entries(WORDS).flatMap(([letter, word]) =>
    counts.has(letter) ? [`${counts.get(letter)} ${word}`] : [],
  );
  return told.join(", ") || "nothing held";
}

/** `strip` as GET /coverage?cells= tells it; as wide as its place, `height` high. */
export function CoverageStrip({ strip, height = 12 }: { strip: string; height?: number }) {
  // One element a kind, however many holes there are.
  const { full, gone, hollow } = useMemo(() => drawn(strip, height), [strip, height]);
  return (
    <svg
      className="coverage-strip"
      viewBox={`0 0 ${strip.length} ${height}`}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Of ${strip.length} cells: ${stripText(strip)}`}
      data-strip={strip}
    >
      {full && <path className="full" d={full} />}
      {gone && <path className="gone" data-gap d={gone} vectorEffect="non-scaling-stroke" />}
      {hollow && <path className="hollow" d={hollow} vectorEffect="non-scaling-stroke" />}
    </svg>
  );
}

function drawn(strip: string, height: number) {
  const found = { full: "", gone: "", hollow: "" };
  for (const { letter, from, cells } of stretches(strip)) {
    if (letter === "#") found.full += box(from, cells, 0, height);
    else if (letter === "+") found.full += box(from, cells, height / 2, height);
    else if (letter === "-") found.gone += hatch(from, cells, height);
    else if (letter === "o") found.hollow += box(from, cells, 0.5, height - 0.5);
  }
  return found;
}

function box(from: number, cells: number, top: number, low: number): string {
  return `M${from} ${top}h${cells}V${low}h${-cells}z`;
}

/** Slanted lines over cells; one cell holds two. */
function hatch(from: number, cells: number, height: number): string {
  const lines: string[] = [];
  for (let at = 0; at < cells * 2; at++) {
    const x = from + at / 2;
    lines.push(`M${x} ${height}L${Math.min(x + 0.6, from + cells)} 0`);
  }
  return lines.join("");
}
