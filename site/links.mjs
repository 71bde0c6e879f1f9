import { dirname, join, normalize } from "node:path";
import { files, pages } from "./pages.mjs";

const byPath = new Map(pages.map((page) => [page.path, page]));
const folders = new Set([...files].flatMap((path) => path.split("/").slice(0, -1).map((_, index, parts) => parts.slice(0, index + 1).join("/"))));

/** Links within the source that lead nowhere, each with its page and line. Links to other servers are not followed. */
export function brokenLinks() {
  const broken = [];
  for (const page of pages) {
    for (const { line, text } of page.text) {
      for (const [, target] of text.replace(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)) {
        const problem = /^[a-z]+:/i.test(target) ? null : problemOf(page, target);
        if (problem) {
          broken.push(`${page.path}:${line}: ${target} ${problem}`);
        }
      }
    }
  }
  return broken;
}

function problemOf(page, target) {
  const [file, anchor] = target.split("#");
  const path = file ? normalize(join(dirname(page.path), decodeURIComponent(file))).replace(/\/$/, "") : page.path;
  if (!files.has(path) && !folders.has(path) && path !== ".") {
    return "is not there";
  }
  const other = byPath.get(path);
  return anchor && other && !other.anchors.has(decodeURIComponent(anchor)) ? "has no such heading" : null;
}
