import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Downshift sets a property of each of its hooks, which keeps those in that nobody here calls: 4 kB of the page. */
const comboboxAlone = {
  name: "combobox-alone",
  transform: (code: string, id: string) =>
    id.includes("/downshift/dist/")
      ? { code: code.replace(/^use(Select|MultipleSelection|TagGroup)\.stateChangeTypes = .*$/gm, ""), map: null }
      : null,
};

export default defineConfig({
  plugins: [react(), comboboxAlone],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    license: { fileName: "licences.md" },
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "first", tags: ["$initial"], priority: 3 },
            { name: "candles", test: /lightweight-charts|fancy-canvas|charts\/(candles|trade_marks)/, priority: 2 },
            // What other pages share is small: a request for each part of it would cost more than its bytes.
            { name: "others", minShareCount: 2, maxModuleSize: 20_000, priority: 1 },
            // Lists and little else: packed together they are smaller than any two of them apart.
            { name: "lists", test: /pages\/(runs|screen|operations|compare)\//, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8750", "/livez": "http://127.0.0.1:8750" } },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts", "src/**/*.test.tsx"],
    // One document for all files: making one takes a second, the tests of a file some milliseconds.
    isolate: false,
    pool: "threads",
  },
});
