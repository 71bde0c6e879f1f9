import { hasCommands } from "../commands.mjs";
import { linkOf } from "../served.mjs";

/** Shows indented code like fenced code, and commands as such where a block does not say its language. */
export function codeBlocks(markdown) {
  markdown.core.ruler.push("code-blocks", ({ tokens }) => {
    for (const token of tokens) {
      if (token.type === "code_block") {
        Object.assign(token, { type: "fence", tag: "code", markup: "```", info: "" });
      }
      if (token.type === "fence" && !token.info) {
        token.info = hasCommands(token.content.split("\n")) ? "sh" : "";
      }
    }
  });
}

/** Leads links to where pages lie in the site; those to what it does not have, to where the source is published, and without that nowhere. */
export function sourceLinks(markdown, sourceUrl) {
  markdown.core.ruler.push("source-links", ({ tokens, env }) => {
    for (const children of tokens.map((token) => token.children ?? [])) {
      const open = [];
      for (const token of children) {
        if (token.type === "link_open") {
          const { href, outside } = linkOf(env.relativePath, token.attrGet("href"));
          open.push(token);
          if (href) {
            token.attrSet("href", href);
          } else if (sourceUrl) {
            token.attrSet("href", `${sourceUrl.replace(/\/$/, "")}/${outside}`);
          } else {
            Object.assign(token, { tag: "span", attrs: [] });
          }
        } else if (token.type === "link_close") {
          token.tag = open.pop().tag;
        }
      }
    }
  });
}
