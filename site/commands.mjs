import { readFileSync } from "node:fs";
import { join } from "node:path";
import { files, pages, source } from "./pages.mjs";

/** What makes a block one of commands: a line that begins with one of these, behind variables that are set for it. */
const programs = new Set(
  ("a2enmod adduser apt apt-get apt-mark bench/run cat cd certbot chmod chown cp curl directory dotnet docker echo export find git grep install journalctl k8s/check kubectl litestream lockstep make mkdir node npm npx openssl packaging/audit packaging/build " +
    "packaging/deb/build packaging/notices packaging/reproducible packaging/sbom pg_dump pg_restore printf promtool psql rsync runuser setpriv sha256sum sqlite3 sudo systemctl tar tests/chaos tests/deb tests/hostile tests/postgres umask ./test").split(" "),
);

const listing = "site/commands.txt";

/** Blocks of commands of all pages: where they are, and their first line, by which the list knows them. */
export const commandBlocks = pages.flatMap((page) =>
  page.blocks
    .filter((block) => /^(|sh|bash|shell|console)$/.test(block.language) && hasCommands(block.lines))
    .map((block) => ({ path: page.path, line: block.line, first: block.lines.find((line) => line.trim()).trim().replace(/\s+/g, " ") })),
);

/** Whether lines of code are commands. */
export function hasCommands(lines) {
  return lines.some(isCommand);
}

function isCommand(line) {
  const words = line.trim().split(/\s+/);
  while (words.length > 1 && /^[A-Z_]+=\S*$/.test(words[0])) {
    words.shift();
  }
  return programs.has(words[0]) || words[0].endsWith("/lockstep");
}

/** The list: `PAGE | FIRST LINE | run: FILE` of the test or script that runs it, or `not run: WHY`. */
function read() {
  return readFileSync(join(source, listing), "utf8").split("\n").filter((line) => line && !line.startsWith("#")).map((line) => {
    const [path, ...rest] = line.split(" | ");
    return { path, first: rest.slice(0, -1).join(" | "), how: rest.at(-1) };
  });
}

/** What is wrong with the list: blocks that it lacks, entries whose block is gone, and tests that are not there. */
export function commandProblems() {
  const listed = read();
  const key = ({ path, first }) => `${path} | ${first}`;
  const known = new Set(listed.map(key));
  const there = new Set(commandBlocks.map(key));
  return [
    ...commandBlocks.filter((block) => !known.has(key(block))).map((block) => `${listing} lacks: ${key(block)} | not run: WHY (line ${block.line})`),
    ...listed.filter((entry) => !there.has(key(entry))).map((entry) => `${listing} has, and no page: ${key(entry)}`),
    ...listed.filter((entry) => !/^(run: \S+|not run: .+)$/.test(entry.how)).map((entry) => `${listing}: ${key(entry)} is neither "run: FILE" nor "not run: WHY"`),
    ...listed.filter((entry) => entry.how.startsWith("run: ") && !files.has(entry.how.slice(5))).map((entry) => `${listing}: ${entry.how.slice(5)} is not there`),
  ];
}
