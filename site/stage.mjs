// Lays the pages out for VitePress, which finds its own packages only above them: in site/staged. Refuses if a link leads nowhere.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brokenLinks } from "./links.mjs";
import { source } from "./pages.mjs";
import { decisions, pictures, placeOf, served, titleOf } from "./served.mjs";

const stage = join(source, "site/staged");

const broken = brokenLinks();
if (broken.length) {
  console.error(broken.join("\n"));
  process.exit(1);
}

rmSync(stage, { recursive: true, force: true });
for (const { path } of served) {
  cpSync(join(source, path), join(stage, placeOf(path)));
}
// What is public is taken as it is, to the same path.
for (const path of pictures) {
  cpSync(join(source, path), join(stage, "public", path));
}
const listed = served.filter(({ path }) => /^docs\/adr\/\d/.test(path)).map((page) => `- [${titleOf(page)}](${page.path.split("/").at(-1)})`);
mkdirSync(dirname(join(stage, decisions)), { recursive: true });
writeFileSync(join(stage, decisions), `# Decisions\n\nWhat was decided, what else could have been, and what follows.\n\n${listed.join("\n")}\n`);
