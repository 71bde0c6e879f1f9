import { decisions, served, titleOf } from "../served.mjs";

const titles = new Map(served.map((page) => [page.path, titleOf(page)]));

/** What a reader needs first, in this order. The other pages of operations are in the order of their titles. */
const guide = ["install", "one-server", "cluster", "kubernetes", "firefox", "firefox-accounts", "account-pages", "sync-troubleshooting", "openid", "console", "from-kinto", "from-server-full", "from-syncstorage-rs"]
  .map((name) => `docs/operations/${name}.md`);

const entry = (path, text = titles.get(path)) => ({ text, link: `/${path}` });
const entries = (folder) => [...titles.keys()].filter((path) => path.startsWith(`docs/${folder}/`) && !guide.includes(path) && !path.endsWith("/template.md"));
const byTitle = (one, other) => titles.get(one).localeCompare(titles.get(other), "en");

export const sidebar = [
  { text: "Guide", items: [{ text: "Lockstep", link: "/" }, ...guide.map((path) => entry(path))] },
  { text: "Protocols", items: entries("protocol").map((path) => entry(path)) },
  { text: "Operations", items: [...entries("operations").sort(byTitle), "SECURITY.md", "CHANGELOG.md"].map((path) => entry(path)) },
  { text: "Inside", items: ["docs/architecture.md", "docs/glossary.md", "CONTRIBUTING.md"].map((path) => entry(path)) },
  { text: "Decisions", collapsed: true, link: `/${decisions.replace("index.md", "")}`, items: entries("adr").map((path) => entry(path)) },
];
