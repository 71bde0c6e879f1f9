import assert from "node:assert/strict";
import { test } from "node:test";

const { indented } = await import(new URL("../../src/Gateway.Console/Pages/Files/stored.js", import.meta.url));

const data = (text) => indented(`{"id":"a","note":"\\"data\\":1","inner":{"data":2},"data":${text},"next":null}`, "data");

test("Stored_NumbersKeepTheirDigits", () => {
  assert.equal(
    data('{"big":9007199254740993,"small":-18446744073709551615,"exact":1.10,"far":1E400,"in":[12345678901234567890]}'),
    '{\n  "big": 9007199254740993,\n  "small": -18446744073709551615,\n  "exact": 1.10,\n  "far": 1E400,\n  "in": [\n    12345678901234567890\n  ]\n}',
  );
});

for (const value of [
  {},
  [],
  { a: {}, b: [], c: [[], {}] },
  { text: 'a "quote", a \\ and {braces}: [1, 2]', "na\"me": "\u0000\n\ud800", "ü": "é😀" },
  [true, false, null, 0, -1.5],
  "text",
  7,
  null,
]) {
  const text = JSON.stringify(value);
  test(`Stored_${text}_IsIndentedAsUsual`, () => {
    assert.equal(data(text), JSON.stringify(value, null, 2));
    assert.equal(data(JSON.stringify(value, null, 1)), JSON.stringify(value, null, 2));
  });
}

test("Stored_TextOfMegabytes_IsIndented", () => {
  const long = { text: "\\\"x".repeat(300_000), list: Array.from({ length: 100_000 }, (_, i) => i) };
  assert.equal(data(JSON.stringify(long)), JSON.stringify(long, null, 2));
});

test("Stored_MemberThatIsNotThere_IsNull", () => {
  assert.equal(indented('{"id":"data"}', "data"), null);
});
