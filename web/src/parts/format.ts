/** Numbers and times as the page writes them; the raw number stands beside it in `data-value`. */
const MINUS = "−";

function grouped(text: string): string {
  return text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Rounds to the nearest, and to the even one where both are as near: as Python writes numbers in the terminal. */
function rounded(value: number, digits: number): string {
  const scaled = value * 10 ** digits;
  const whole = Math.floor(scaled);
  const tie = scaled - whole === 0.5 && Number.isInteger(value * 2 ** (digits + 1));
  return tie && whole % 2 === 0 ? (whole / 10 ** digits).toFixed(digits) : value.toFixed(digits);
}

function fixed(value: number, digits: number, signed: boolean): string {
  const text = rounded(Math.abs(value), digits);
  const [whole = "", rest] = text.split(".");
  const zero = Number(text) === 0;
  const sign = zero ? "" : value < 0 ? MINUS : signed ? "+" : "";
  return sign + grouped(whole) + (rest === undefined ? "" : `.${rest}`);
}

/** A fraction in percent, signed, one decimal below 1,000: `+12.4`, `−23.1`, `+1,234`. */
export function percent(fraction: number): string {
  const value = fraction * 100;
  return fixed(value, Math.abs(value) >= 999.95 ? 0 : 1, true);
}

/** A fraction in whole percent without a sign: `58`. */
export function share(fraction: number): string {
  return fixed(fraction * 100, 0, false);
}

/** A ratio: `+0.98` signed, `1.41` not. */
export function ratio(value: number, signed: boolean): string {
  return fixed(value, Math.abs(value) >= 999.995 ? 0 : 2, signed);
}

/** A number of things: `2,049,312`; over ten millions `31.2 M`. */
export function count(value: number): string {
  return value >= 1e7 ? `${fixed(value / 1e6, 1, false)} M` : fixed(value, 0, false);
}

/** Money, with two decimals below a hundred thousand. */
export function money(value: number, signed = false): string {
  return fixed(value, Math.abs(value) < 1e5 ? 2 : 0, signed);
}

/** Decimals of an instrument whose least step is `tick`; 0 is unknown. */
export function decimalsOf(tick: number): number | undefined {
  if (!(tick > 0)) return undefined;
  for (let digits = 0; digits <= 12; digits++) {
    if (Math.abs(Math.round(tick * 10 ** digits) / 10 ** digits - tick) < tick * 1e-9) return digits;
  }
  return 12;
}

/** A price with the instrument's own decimals; where those are unknown six digits count. */
export function price(value: number, tick = 0): string {
  const own = decimalsOf(tick);
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return fixed(value, own ?? Math.min(Math.max(5 - magnitude, 2), 12), false);
}

/** Bytes: `94.6 MB`. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let left = value;
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${fixed(left, unit === 0 || left >= 100 ? 0 : 1, false)} ${units[unit]}`;
}

/** How long: `4 ms`, `1.2 s`, `3 min`, `5 h`, `411 d`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${fixed(ms, 0, false)} ms`;
  if (ms < 59_950) return `${fixed(ms / 1e3, 1, false)} s`;
  if (ms < 3_570_000) return `${fixed(ms / 60e3, 0, false)} min`;
  if (ms < 48 * 3_600_000) return `${fixed(ms / 3_600_000, ms < 36_000_000 ? 1 : 0, false)} h`;
  return days(ms / 86_400_000);
}

export function days(value: number): string {
  return `${fixed(value, 0, false)} d`;
}

/** The instant, ms, that a typed time names: without a zone it is UTC, as the service reads it; NaN for what is none. */
export function instant(text: string): number {
  const whole = text.trim().replace(" ", "T");
  return Date.parse(/T[\d:.]*$/.test(whole) ? `${whole}Z` : whole);
}

/** The day of an instant in a zone, `2024-03-01`. */
export function day(iso: string, zone = "UTC"): string {
  return parts(iso, zone).slice(0, 10);
}

/** An instant in a zone, to the minute: `2024-03-01 14:00 UTC`; `named` false leaves the zone to the header. */
export function time(iso: string, zone = "UTC", named = true): string {
  return named ? `${parts(iso, zone)} ${zone}` : parts(iso, zone);
}

/** The time of a bar: day bars have no hour. */
export function barTime(iso: string, interval: string, zone = "UTC", named = true): string {
  return /[dwM]$/.test(interval) ? day(iso, zone) : time(iso, zone, named);
}

const WRITERS = new Map<string, Intl.DateTimeFormat>();

function parts(iso: string, zone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  if (zone === "UTC") return `${at.toISOString().slice(0, 10)} ${at.toISOString().slice(11, 16)}`;
  let writer = WRITERS.get(zone);
  if (writer === undefined) {
    writer = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    WRITERS.set(zone, writer);
  }
  return writer.format(at);
}

/** The first and last letters of a long id: `01JD…8Q`. */
export function shortId(id: string): string {
  return id.length <= 10 ? id : `${id.slice(0, 4)}…${id.slice(-2)}`;
}

/** `1 result`, `2 results`. */
export function several(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
