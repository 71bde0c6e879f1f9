import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const decoded = (text) => text.replace(/&#39;|&quot;|&lt;|&gt;|&amp;/g, (entity) => ({ "&#39;": "'", "&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&" })[entity]);

/** The files of a built site, by their paths in it, with what is in them; of an HTML page, `page` is what it has. */
export function readSite(folder) {
  const built = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(built.map((entry) => {
    const file = join(entry.parentPath ?? entry.path, entry.name);
    const text = readFileSync(file, "utf8");
    return [file.slice(folder.length + 1), { text, page: file.endsWith(".html") ? pageOf(text) : null }];
  }));
}

/** The links, ids and policy of a page, and what a browser loads with it. */
function pageOf(html) {
  const elements = [...html.matchAll(/<([a-z][a-z0-9-]*)((?:\s+[^\s"'=<>/]+(?:="[^"]*")?)*)\s*\/?>/gi)].map(([, tag, attributes]) => ({
    tag: tag.toLowerCase(),
    attributes: new Map([...attributes.matchAll(/\s([^\s"'=<>/]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name.toLowerCase(), decoded(value ?? "")])),
  }));
  const addresses = ({ attributes }) => ["href", "src", "srcset", "data", "action", "poster"].map((name) => attributes.get(name)).filter(Boolean);
  return {
    links: elements.filter(({ tag }) => tag === "a").flatMap(addresses),
    loads: elements.filter(({ tag }) => tag !== "a").flatMap(addresses),
    ids: new Set(elements.map(({ attributes }) => attributes.get("id")).filter(Boolean)),
    policy: elements.find(({ attributes }) => attributes.get("http-equiv") === "Content-Security-Policy")?.attributes.get("content"),
    heading: decoded((html.match(/<h1[^>]*>(.*?)<a /s)?.[1] ?? "").replace(/<[^>]*>/g, "")).trim(),
  };
}
