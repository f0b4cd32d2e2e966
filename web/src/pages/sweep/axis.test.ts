import { expect, test } from "vitest";
import { valuesText } from "../../parts/spec";
import { countOf } from "./axis";

test("values are counted as the service reads them", () => {
  expect(countOf("5:50:5")).toBe(10);
  expect(countOf("5:9")).toBe(5);
  expect(countOf("0.1:0.3:0.1")).toBe(3);
  expect(countOf("5:52:5")).toBe(10);
  expect(countOf("10, 20,20 ,40")).toBe(3);
  expect(countOf("5:7,7,9")).toBe(4);
  expect(countOf("14")).toBe(1);
  expect(countOf("slow,fast")).toBe(2);
});

test("what cannot be read has no count", () => {
  for (const text of ["5:", "9:5", "5:9:0", "a:b", "5,,9", "1:2:3:4", "1:9999999:1,3"])
    expect(countOf(text)).toBeUndefined();
});

test("values of a kept sweep are written as one types them", () => {
  expect(valuesText([5, 10, 15])).toBe("5:15:5");
  expect(valuesText([5, 6, 7])).toBe("5:7");
  expect(valuesText([0.1, 0.2, 0.3])).toBe("0.1:0.3:0.1");
  expect(valuesText([5, 10, 20])).toBe("5,10,20");
  expect(valuesText([20, 40])).toBe("20,40");
  expect(valuesText(["ema", "sma"])).toBe("ema,sma");
});
