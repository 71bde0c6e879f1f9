import { defineConfig } from "vitepress";
import { slug } from "../slug.mjs";
import { codeBlocks, sourceLinks } from "./markdown.mjs";
import { sidebar } from "./sidebar.mjs";

export default defineConfig({
  title: "Lockstep",
  description: "A sync server for apps that work offline, and for Firefox",
  lang: "en",
  srcDir: "staged",
  outDir: "dist",
  cacheDir: ".cache",
  head: [
    // Nothing comes from elsewhere: a browser refuses it.
    ["meta", { "http-equiv": "Content-Security-Policy", content: "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'" }],
    ["link", { rel: "icon", href: "data:," }],
  ],
  // The chunk of the search is loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 5000 } },
  markdown: {
    // No page has any: what looks like a tag is text. Neither are there braces with attributes, nor smileys.
    html: false,
    attrs: { disable: true },
    anchor: { slugify: slug },
    languageAlias: { caddyfile: "nginx", haproxy: "ini" },
    config(markdown) {
      markdown.core.ruler.disable("emoji");
      markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
      codeBlocks(markdown);
      // Where the source is published, for links to what the site does not have: https://example.org/lockstep/blob/main
      sourceLinks(markdown, process.env.LOCKSTEP_SOURCE_URL);
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    sidebar,
    nav: [
      { text: "Guide", link: "/docs/operations/install.md" },
      { text: "Protocols", link: "/docs/protocol/kinto.md" },
      { text: "Configuration", link: "/docs/operations/configuration.md" },
      { text: "Security", link: "/SECURITY.md" },
      { text: "Changes", link: "/CHANGELOG.md" },
    ],
  },
});
