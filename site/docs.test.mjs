import assert from "node:assert/strict";
import { test } from "node:test";
import { commandBlocks, commandProblems } from "./commands.mjs";
import { brokenLinks } from "./links.mjs";
import { pages } from "./pages.mjs";
import { slug } from "./slug.mjs";

test("Pages are found, with their headings and blocks", () => {
  assert.ok(pages.length > 60, `${pages.length} pages`);
  assert.ok(pages.find((page) => page.path === "docs/operations/configuration.md").anchors.has("how-settings-are-given"));
  assert.equal(slug("Debian's package, `a_b` & more"), "debians-package-a_b--more");
});

test("Links lead to files and headings that are there", () => assert.deepEqual(brokenLinks(), []));

test("Blocks of commands are run by a test, or say why not", () => {
  assert.ok(commandBlocks.length > 40, `${commandBlocks.length} blocks`);
  assert.deepEqual(commandProblems(), []);
});
