/** Values of a parameter as one types them: `5:50:5`, `10,20,40`. Only the service says what is refused of them. */
import { PLAIN, stepped } from "../../parts/spec";

/** Of one axis, as the service has it. */
const MOST = 1_000_000;

/** Whether a text gives a parameter more than one value. */
export function isSeveral(text: string): boolean {
  return /[:,]/.test(text);
}

/** How many values a text gives; undefined for what cannot be read. */
export function countOf(text: string): number | undefined {
  const pieces = text.split(",").map((piece) => piece.trim());
  if (pieces.length === 1) return piecesCount(pieces[0] ?? "");
  const found = new Set<number | string>();
  for (const piece of pieces) {
    const count = piecesCount(piece);
    if (count === undefined || found.size + count > MOST) return undefined;
    for (const value of valuesOf(piece)) found.add(value);
  }
  return found.size;
}

function piecesCount(piece: string): number | undefined {
  if (piece === "") return undefined;
  if (!piece.includes(":")) return 1;
  const range = rangeOf(piece);
  return range && Math.floor((range.last - range.first) / range.step + 1e-9) + 1;
}

interface Range {
  first: number;
  last: number;
  step: number;
}

function rangeOf(piece: string): Range | undefined {
  const parts = piece.split(":").map((part) => part.trim());
  if (parts.length < 2 || parts.length > 3 || !parts.every((part) => PLAIN.test(part))) return undefined;
  const [first = 0, last = 0, step = 1] = parts.map(Number);
  return step > 0 && first <= last ? { first, last, step } : undefined;
}

function valuesOf(piece: string): (number | string)[] {
  if (!piece.includes(":")) return [PLAIN.test(piece) ? Number(piece) : piece];
  const range = rangeOf(piece);
  if (!range) return [];
  return Array.from({ length: piecesCount(piece) ?? 0 }, (_, k) => stepped(range.first, range.step, k));
}
