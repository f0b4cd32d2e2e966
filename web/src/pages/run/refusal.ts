/** Why a spec cannot be run now, said under the button. */
import type { Schema } from "../../api/ask";
import type { Held } from "./market";
import type { Form } from "./spec";
import { countOf } from "./spec_rail";
import type { Lacking } from "./states";

/** The reason; empty where it can be run. */
export function refusalOf(
  form: Form,
  universes: readonly Schema["UniverseFacts"][] | undefined,
  held: Held | undefined,
  bare: boolean,
  lacking: Lacking | undefined,
): string {
  if (bare) return "The store holds no bars yet.";
  if (countOf(form, universes) === 0) {
    return form.universe ? `${form.universe} has no instruments.` : "Name a symbol, or choose a universe.";
  }
  if (lacking) return lacking.text;
  if (held && held.intervals.length > 1 && !form.settings.interval) return "Choose an interval: there are several.";
  return "";
}
