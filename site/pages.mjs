import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { slug } from "./slug.mjs";

export const source = join(dirname(fileURLToPath(import.meta.url)), "..");

/** All files of the source, by their paths in it; those that are not committed yet too. */
export const files = new Set(
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: source, encoding: "utf8", maxBuffer: 1 << 26 }).split("\n").filter(Boolean),
);

/** All pages that people read: Markdown, but for what tests keep beside their code. */
export const pages = [...files].filter((path) => path.endsWith(".md") && !path.startsWith("tests/") && !path.startsWith("bench/")).sort().map(read);

/** A page, with its lines apart: text, and blocks of code. */
function read(path) {
  const lines = readFileSync(join(source, path), "utf8").split("\n");
  const text = [];
  const blocks = [];
  let fence = null;
  let indented = null;
  let before = "";
  for (const [index, line] of lines.entries()) {
    const opening = line.match(/^\s*(```+)(\S*)/);
    if (fence) {
      if (line.trim() === fence.mark) {
        blocks.push(fence);
        fence = null;
      } else {
        fence.lines.push(line);
      }
      continue;
    }
    // Indented code needs an empty line, or other code, before it; below a list it is indented once more.
    if (/^( {4}|\t)/.test(line) && line.trim() && (indented || (!before.trim() && !/^\s*([-*]|\d+\.) /.test(line)))) {
      indented ??= { language: "", lines: [], line: index + 1 };
      indented.lines.push(line.trim());
      before = "";
      continue;
    }
    if (indented && line.trim()) {
      blocks.push(indented);
      indented = null;
    }
    if (opening) {
      fence = { mark: opening[1], language: opening[2], lines: [], line: index + 1 };
      before = line;
      continue;
    }
    text.push({ line: index + 1, text: line });
    before = line;
  }
  if (indented) {
    blocks.push(indented);
  }
  return { path, text, blocks, anchors: anchorsOf(text) };
}

/** Of headings, the second of a name with -1 behind it. */
function anchorsOf(text) {
  const counts = new Map();
  const anchors = new Set();
  for (const { text: line } of text) {
    const heading = line.match(/^#{1,6} (.+)$/);
    if (heading) {
      // What a link or code in it shows.
      const name = slug(heading[1].replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/`/g, ""));
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      anchors.add(count ? `${name}-${count}` : name);
    }
  }
  return anchors;
}
