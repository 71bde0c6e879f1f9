// The pages of Sync 1.1, as src/Gateway.Sync11 has them, in front of a server that says what docs/protocol/sync11.md has, or whatever a test wants.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { keepsNobodyOut } from "./accessibility.mjs";
import { openPage, startChromium } from "./browser.mjs";
import { SHELL } from "./modules.mjs";
import { problem, shows, submit } from "./person.mjs";

const FILES = new URL("../../src/Gateway.Sync11/Pages/Files/", import.meta.url);
const TYPES = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", json: "application/json", svg: "image/svg+xml" };
const CODE = "AB12-CD34-EF56-GH78";
const RESET = "/sync/weave-password-reset";
const DELETE = "/sync/weave-delete-account";

/** Behind a prefix, as these servers often are. */
class Server {
  /** Forms that came, as objects. */
  forms = [];

  /** Answers in their order: `[status, body, headers]`. */
  answers = [];

  #files = new Map();
  #http = createServer((request, response) => this.#serve(request, response));

  get address() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  async start() {
    for (const [folder, root] of [["shell/", SHELL], ["", FILES]]) {
      for (const name of await readdir(root, { recursive: true })) {
        if (name.includes(".")) {
          this.#files.set(folder + name, await readFile(new URL(name, root)));
        }
      }
    }

    await new Promise((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
    return this;
  }

  stop() {
    this.#http.closeAllConnections();
    return new Promise((resolve) => this.#http.close(resolve));
  }

  async #serve(request, response) {
    const { pathname } = new URL(request.url, this.address);
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }

    if (request.method === "POST") {
      this.forms.push({ pathname, type: request.headers["content-type"], ...Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())) });
      const [status, body, headers = {}] = this.answers.shift() ?? [500, "nobody said what to answer"];
      response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
      return;
    }

    const files = `${this.address}/sync/pages/hash/`;
    const policy = `default-src 'none'; script-src ${files}; style-src ${files}; img-src ${files}; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
    const headers = { "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff" };
    if (pathname.startsWith("/sync/pages/hash/")) {
      const name = pathname.slice("/sync/pages/hash/".length);
      response.writeHead(this.#files.has(name) ? 200 : 404, { ...headers, "Content-Type": TYPES[name.split(".").pop()] ?? "text/plain" }).end(this.#files.get(name));
    } else {
      const language = /^de\b/.test(request.headers["accept-language"] ?? "") ? "de" : "en";
      response.writeHead(200, { ...headers, "Content-Type": "text/html; charset=utf-8" }).end(this.#document(language));
    }
  }

  #document(language) {
    const texts = Object.assign({}, ...["shell/", ""].map((folder) => JSON.parse(this.#files.get(`${folder}texts/${language}.json`))));
    const values = { language, languages: "en de", facts: "", modules: "", files: "/sync/pages/hash/" };
    return this.#files.get("shell/document.html").toString().replace(/\{\{([a-z.-]+)\}\}/g, (_, key) => values[key] ?? texts[key]);
  }
}

let browser;
before(async () => (browser = await startChromium()));
after(() => browser.close());

async function withPage(path, options, action) {
  const server = await new Server().start();
  const page = await openPage(browser, options);
  page.server = server;
  try {
    await page.goto(server.address + path);
    await action(page, server);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
    await server.stop();
  }
}

const said = (result, status = 200) => [status, { result, message: "in the words of before" }];

test("Reset_WithTheCodeTyped_SendsWhatWasTyped_AndSaysThatItIsDone", () =>
  withPage(RESET, {}, async (page, server) => {
    server.answers.push(said("mailed"), said("changed"));
    await shows(page, "reset-ask");
    await page.fill("[name=username]", "ada@example.org");
    await submit(page, "reset-ask");
    await shows(page, "reset-choose");
    await page.fill("[name=key]", CODE);
    await page.fill("[name=password]", "a good pässword");
    await page.fill("[name=confirm]", "a good pässword");
    await submit(page, "reset-choose");
    await shows(page, "reset-done");

    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    assert.deepEqual(server.forms, [
      { pathname: RESET, type, username: "ada@example.org" },
      { pathname: RESET, type, username: "ada@example.org", key: CODE, password: "a good pässword", confirm: "a good pässword" },
    ]);
  }));

for (const link of [`#username=ada&key=${CODE}`, `?username=ada&key=${CODE}`]) {
  test(`Reset_ByTheLink${link[0]}_HasNameAndCodeFilledIn_AndTakesThemOutOfTheAddress`, () =>
    withPage(RESET + link, {}, async (page, server) => {
      server.answers.push(said("changed"));
      await shows(page, "reset-choose");
      assert.equal(page.url(), server.address + RESET);
      await page.fill("[name=password]", "a good password");
      await page.fill("[name=confirm]", "a good password");
      await submit(page, "reset-choose");
      await shows(page, "reset-done");
      assert.equal(server.forms[0].username, "ada");
      assert.equal(server.forms[0].key, CODE);
    }));
}

const REFUSALS = [
  [said("unknown-user", 400), /no such account/],
  [said("no-address", 400), /no address/],
  [said("no-mail", 503), /sends no mails/],
  [[503, "service unavailable", { "Retry-After": "1800" }], /30 minutes/],
  [[503, "service unavailable"], /busy/],
  [[500, "application error"], /went wrong/],
];

for (const [answer, words] of REFUSALS) {
  test(`Reset_Refused_${answer[0]}_${words.source}_SaysSo_AndCanBeTriedAgain`, () =>
    withPage(RESET, {}, async (page, server) => {
      server.answers.push(answer, said("mailed"));
      await page.fill("[name=username]", "ada");
      await submit(page, "reset-ask");
      await page.waitForSelector(".problem:not(:empty), .wrong:not(:empty)");
      assert.match(await problem(page), words);
      await submit(page, "reset-ask");
      await shows(page, "reset-choose");
    }));
}

test("Reset_WithAWrongCode_SaysSoAtItsField", () =>
  withPage(`${RESET}#username=ada&key=${CODE}`, { locale: "de-DE" }, async (page, server) => {
    server.answers.push(said("wrong-code", 400));
    await page.fill("[name=password]", "a good password");
    await page.fill("[name=confirm]", "a good password");
    await submit(page, "reset-choose");
    await page.waitForSelector("[name=key][aria-invalid=true]");
    assert.match(await problem(page), /Dieser Code gilt nicht/);
  }));

test("Delete_SendsNameAndPassword_ByKeyboardAlone_AndSaysThatItIsDone", () =>
  withPage(DELETE, { locale: "de-DE" }, async (page, server) => {
    server.answers.push(said("wrong-credentials", 400), said("deleted"));
    await shows(page, "remove");
    await page.keyboard.type("ada");
    await page.keyboard.press("Tab");
    await page.keyboard.type("her password");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[name=password][aria-invalid=true]");
    assert.match(await problem(page), /passen nicht zusammen/);
    await page.keyboard.press("Enter");
    await shows(page, "removed");
    assert.equal(await page.title(), `Dein Konto ist gelöscht · ${new URL(server.address).host}`);
    assert.deepEqual(server.forms.map(({ pathname, username, password }) => [pathname, username, password]), Array(2).fill([DELETE, "ada", "her password"]));
  }));

for (const [path, view] of [[RESET, "reset-ask"], [`${RESET}#username=ada&key=${CODE}`, "reset-choose"], [DELETE, "remove"]]) {
  test(`Page_${view}_KeepsNobodyOut_LightAndDark_AndFitsASmallPhone`, () =>
    withPage(path, { viewport: { width: 320, height: 640 }, reducedMotion: "reduce" }, async (page) => {
      await shows(page, view);
      await keepsNobodyOut(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the phone");
      assert.equal(await page.locator("h1").count(), 1);
    }));
}

test("Texts_AreThereInEachLanguage_AndAreAllThatScriptsName", async () => {
  const read = async (name) => JSON.parse(await readFile(new URL(`texts/${name}.json`, FILES), "utf8"));
  const [en, de] = [await read("en"), await read("de")];
  const names = (await readdir(FILES, { recursive: true })).filter((name) => name.endsWith(".js"));
  const scripts = (await Promise.all(names.map((name) => readFile(new URL(name, FILES), "utf8")))).join("\n");
  const values = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

  assert.deepEqual(Object.keys(de), Object.keys(en));
  for (const key of Object.keys(en)) {
    assert.deepEqual(values(de[key]), values(en[key]), key);
    assert.ok(/^(page|captcha)\./.test(key) || scripts.includes(`"${key}"`), `${key} is said nowhere`);
  }

  for (const [, key] of scripts.matchAll(/\bt\("([^"]+)"/g)) {
    assert.ok(key in en, key);
  }

  assert.doesNotMatch(scripts, /innerHTML|insertAdjacentHTML|document\.write|\beval\b|localStorage|sessionStorage|document\.cookie/);
});
