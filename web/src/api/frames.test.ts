import { expect, test } from "vitest";
import { type Frame, Frames } from "./frames";

const WHOLE = new TextEncoder().encode(
  'retry: 250\n\nid: A/1\nevent: started\ndata: {"a":1}\n\n: ping\n\nid: A/2\r\nevent: result\r\ndata: é1\r\ndata: 2\r\n\r\nid: A/3\rdata:x\r\r',
);
const EXPECTED: Frame[] = [
  { id: "A/1", event: "started", data: '{"a":1}' },
  { id: "A/2", event: "result", data: "é1\n2" },
  { id: "A/3", event: "message", data: "x" },
];

test("pieces of every size give the same frames", () => {
  for (let size = 1; size <= WHOLE.length; size++) {
    const frames = new Frames();
    const found: Frame[] = [];
    for (let at = 0; at < WHOLE.length; at += size) found.push(...frames.take(WHOLE.slice(at, at + size)));
    expect(found, `pieces of ${size}`).toEqual(EXPECTED);
    expect(frames.retryMs).toBe(250);
  }
});

test("comments and frames without data give nothing", () => {
  expect(new Frames().take(new TextEncoder().encode(": ping\n\nevent: result\n\nretry: soon\n\n"))).toEqual([]);
});

test("what a broken line leaves half is not told", () => {
  const frames = new Frames();
  expect(frames.take(new TextEncoder().encode('id: A/1\ndata: {"a"'))).toEqual([]);
});
