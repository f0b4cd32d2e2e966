/** The spec of the page: taken from the address or from the run that is shown, written to the address while it is edited. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useSearch } from "wouter";
import type { Schema } from "../../api/ask";
import type { Spec } from "../../parts/spec";
import { type Asked, FIRST, type Form, fromSearch, fromSpec, toRequest, toSearch } from "./spec";

/** Where the page with the form lies, and how it reads and writes what is asked there. */
export interface Desk {
  first: Form;
  /** Addresses of the page. */
  own: RegExp;
  path: (run: string | undefined) => string;
  fromSearch: (search: string) => Form | undefined;
  fromSpec: (spec: Spec, installed: readonly string[]) => Form;
  toRequest: (form: Form) => Asked;
}

export const RUN: Desk = {
  first: FIRST,
  own: /^\/(runs\/[^/]+)?$/,
  path: (run) => (run === undefined ? "/" : `/runs/${run}`),
  fromSearch,
  fromSpec,
  toRequest,
};

/** The form and how to change it; `own` keeps the form as it was typed when its run is shown. */
export function useSpec(
  run: string | undefined,
  spec: Spec | undefined,
  universes: readonly Schema["UniverseFacts"][],
  installed: readonly string[],
  { first, own, path, fromSearch, fromSpec }: Desk,
) {
  useSearch();
  // As it stands in the address: the hook decodes it, and a `+` of a fee would become a space.
  const search = location.search.slice(1);
  const [form, setForm] = useState<Form>(() => fromSearch(search) ?? first);
  /** The run whose spec was changed since: its address holds what was made of it. */
  const [edited, setEdited] = useState(search ? run : undefined);
  const written = useRef(search);
  const [ready, setReady] = useState(false);
  const owned = useRef<string | undefined>(undefined);

  useEffect(() => {
    if (run === undefined || spec === undefined || owned.current === run || installed.length === 0) return;
    owned.current = run;
    const found = fromSearch(location.search);
    setForm(found ?? fromSpec(spec, installed));
    setEdited(found && run);
  }, [run, spec, installed, fromSearch, fromSpec]);

  useEffect(() => {
    if (run !== undefined || search === "" || search === written.current) return;
    written.current = search;
    const found = fromSearch(search);
    if (found) setForm(found);
  }, [run, search, fromSearch]);

  useEffect(() => {
    if (ready || universes.length === 0) return;
    if (form.universe || form.symbols) return setReady(true);
    const [most] = [...universes]
      .filter((one) => (one.instruments ?? 0) > 0)
      .sort((a, b) => (b.instruments ?? 0) - (a.instruments ?? 0) || Number(a.built_in) - Number(b.built_in));
    // In a store without bars there is none yet.
    if (!most) return;
    setReady(true);
    setForm((now) => ({ ...now, universe: most.name }));
  }, [ready, form, universes]);

  useEffect(() => {
    if (run !== undefined && run !== edited) return;
    // Somebody may be on the way to another page, whose code is still coming: its address is not this page's to write.
    if (!own.test(location.pathname)) return;
    written.current = toSearch(form);
    history.replaceState(history.state, "", `${path(run)}?${written.current}`);
  }, [run, edited, form, search, own, path]);

  const change = useCallback(
    (next: Form) => {
      setForm(next);
      setEdited(run);
    },
    [run],
  );
  return {
    form,
    change,
    /** A market stands in it. */
    ready,
    own: (id: string) => {
      owned.current = id;
      setEdited(undefined);
    },
  };
}
