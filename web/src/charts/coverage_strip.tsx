/** What is held over time, a cell a stretch: full, partly, missing, or confirmed to be without bars. */
import "./coverage_strip.css";

interface Stretch {
  letter: string;
  from: number;
  cells: number;
}

const WORDS: Record<string, string> = { "#": "held", "+": "partly", "-": "missing", o: "confirmed empty" };

/** Neighbouring cells that say the same, as one. */
export function stretches(strip: string): Stretch[] {
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
  const half = height / 2;
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
      {stretches(strip).map(({ letter, from, cells }) => {
        const place = { x: from, width: cells, key: from };
        if (letter === "#") return <rect {...place} className="full" y={0} height={height} />;
        if (letter === "+") return <rect {...place} className="full" y={half} height={half} />;
        if (letter === "-")
          return (
            <path
              key={from}
              className="gone"
              data-gap={cells}
              d={hatch(from, cells, height)}
              vectorEffect="non-scaling-stroke"
            />
          );
        if (letter === "o")
          return <rect {...place} className="hollow" y={0.5} height={height - 1} vectorEffect="non-scaling-stroke" />;
        return null;
      })}
    </svg>
  );
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
