import { posix } from "node:path";
import { files, pages } from "./pages.mjs";

/** The pages of the site: those of docs/, and those beside it that its readers need. */
export const served = pages.filter(({ path }) => /^(docs\/.*|README|SECURITY|CONTRIBUTING|CHANGELOG)\.md$/.test(path));

/** Where a page of the source lies in the site: at the same path, but for the README, which is the first page. */
export const placeOf = (path) => (path === "README.md" ? "index.md" : path);

/** The page of the source that lies there. */
export const sourceOf = (place) => (place === "index.md" ? "README.md" : place);

/** What lies beside the pages, and is linked from them. */
export const pictures = [...files].filter((path) => path.startsWith("docs/") && path.endsWith(".png"));

/** The list of decisions, which is the page of their folder. The source has none: a code host lists the folder itself. */
export const decisions = "docs/adr/index.md";

/** The first heading of a page, as text. */
export const titleOf = (page) => page.text.find(({ text }) => text.startsWith("# ")).text.slice(2).replace(/`/g, "");

const places = new Map(served.map(({ path }) => [path, placeOf(path)]).concat([[posix.dirname(decisions), decisions]]));
const shown = new Set(pictures);

/**
 * What a link of a page becomes in the site: `{ href }`, or `{ outside: PATH }` where it leads to what the site does not have, such as
 * a file of the source. Links within the page and to other servers stay as they are.
 */
export function linkOf(place, href) {
  if (/^([a-z]+:|#)/i.test(href)) {
    return { href };
  }
  const [file, anchor] = href.split("#");
  const path = posix.join(posix.dirname(sourceOf(place)), decodeURI(file)).replace(/\/$/, "");
  if (places.has(path)) {
    return { href: `${posix.relative(posix.dirname(place), places.get(path))}${anchor ? `#${anchor}` : ""}` };
  }
  return shown.has(path) ? { href } : { outside: path };
}
