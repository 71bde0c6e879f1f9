import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { FILES, SHELL } from "./modules.mjs";

const read = async (root, path) => readFile(new URL(path, root), "utf8");
const json = async (root, path) => JSON.parse(await read(root, path));
const languages = (await readdir(new URL("texts/", SHELL))).map((name) => name.replace(".json", ""));
const texts = Object.fromEntries(await Promise.all(languages.map(async (language) => [language, { ...(await json(SHELL, `texts/${language}.json`)), ...(await json(FILES, `texts/${language}.json`)) }])));
const scripts = await Promise.all([...(await under(SHELL)), ...(await under(FILES))].map(async (url) => readFile(url, "utf8")));

async function under(root) {
  const names = await readdir(root, { recursive: true });
  return names.filter((name) => name.endsWith(".js")).map((name) => new URL(name, root));
}

/** Keys as scripts name them: a first word that texts have, and more behind dots. */
const named = new Set(
  scripts.flatMap((script) => script.match(/"[a-z-]+(\.[a-z-]+)+"/g) ?? []).map((name) => name.slice(1, -1)).filter((name) => Object.keys(texts.en).some((key) => key.split(".")[0] === name.split(".")[0])),
);

/** Those that the server writes into its own answers. */
const OF_THE_SERVER = /^(page\.(title|no-script\.\w+)|refusal\.[a-z-]+\.(title|advice))$/;

test("Texts_AreThereInEachLanguage", () => {
  assert.deepEqual(languages.sort(), ["de", "en"]);
  for (const language of languages) {
    assert.deepEqual(Object.keys(texts[language]).sort(), Object.keys(texts.en).sort(), language);
  }
});

test("Texts_AreAllThatScriptsName_AndNoMore", () => {
  assert.deepEqual([...named].filter((key) => !(key in texts.en)), [], "without a text");
  assert.deepEqual(Object.keys(texts.en).filter((key) => !named.has(key) && !OF_THE_SERVER.test(key)), [], "that nobody says");
});

test("Texts_HaveTheSameValuesInEachLanguage", () => {
  const values = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [key, text] of Object.entries(texts.en)) {
    assert.ok(text.trim() !== "", key);
    languages.forEach((language) => assert.deepEqual(values(texts[language][key]), values(text), `${key} in ${language}`));
  }
});

test("Scripts_MakeNoMarkupOfText_AndKeepNothing", () => {
  for (const script of scripts) {
    assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|sessionStorage|indexedDB|document\.cookie|setAttribute\("on/);
  }

  const storing = scripts.filter((script) => script.includes("localStorage"));
  assert.equal(storing.length, 1);
  assert.equal(storing[0].match(/localStorage\.setItem\(REMEMBERED, language\)/g).length, 1);
  assert.equal(storing[0].match(/localStorage/g).length, 2);
});
