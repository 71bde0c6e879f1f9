// The console at the built server, in Chromium: each page, and what people do there.
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startServer } from "../Clients/server.mjs";
import { keepsNobodyOut } from "./accessibility.mjs";
import { openPage, startChromium } from "./browser.mjs";
import { CONSOLE, member, newLink, PASSWORD, QUOTAS, signIn } from "./console-gallery.mjs";
import { shows, submit } from "./person.mjs";

const FILES = new URL("../../src/Gateway.Console/Pages/Files/", import.meta.url);
const SHELL = new URL("../../src/Gateway/Pages/Files/", import.meta.url);
const NARROW = { width: 320, height: 640 };

let browser;
let server;
before(async () => ([browser, server] = await Promise.all([startChromium(), startServer({ "accounts:registration": "open", ...QUOTAS, "accounts:max-failures-per-address": 10_000 })])));
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function withPage(options, action) {
  const page = await openPage(browser, options);
  page.server = server;
  try {
    await action(page);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
  }
}

for (const [name, { show }] of Object.entries(CONSOLE)) {
  test(`Page_${name}_KeepsNobodyOut_LightAndDark_AndFitsASmallPhone`, () =>
    withPage({ viewport: NARROW, reducedMotion: "reduce" }, async (page) => {
      await show(page);
      await keepsNobodyOut(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the phone");
      assert.notEqual(await page.title(), "");
      assert.equal(await page.locator("h1").count(), 1);
    }));
}

test("Console_ByKeyboardAlone_FromSignInToARecord", () =>
  withPage({}, async (page) => {
    const user = await member(server);
    const focused = () => page.evaluate(() => document.activeElement.name || document.activeElement.innerText);
    await page.goto(`${server.address}/admin/`);
    await shows(page, "sign-in");
    assert.equal(await focused(), "account");
    await page.keyboard.type(user.name);
    await page.keyboard.press("Tab");
    await page.keyboard.type(user.password);
    await page.keyboard.press("Enter");
    await shows(page, "overview");
    assert.equal(await focused(), "Your data");
    for (const [link, view] of [["default", "bucket"], ["shopping", "collection"], ["milk", "record"]]) {
      await page.waitForSelector(`tbody a:text-is("${link}")`);
      for (let i = 0; i < 30 && (await focused()) !== link; i++) {
        await page.keyboard.press("Tab");
      }

      assert.equal(await focused(), link);
      await page.keyboard.press("Enter");
      await shows(page, view);
      assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
    }

    assert.match(await page.innerText("#data pre"), /"title": "Milk and Grüße"/);
    await page.goBack();
    await shows(page, "collection");
  }));

test("Record_IsDeleted_AndIsGoneFromItsCollection", () =>
  withPage({}, async (page) => {
    await signIn(page, await member(server), "/admin/record?bucket=default&collection=shopping&record=milk");
    await shows(page, "record");
    await page.click("#delete button");
    await submit(page, "delete");
    await shows(page, "collection");
    await page.waitForSelector("#records tbody tr");
    assert.deepEqual(await page.locator("#records tbody th").allInnerTexts(), ["bread", "tea"]);
  }));

test("Record_ThatHasChangedMeanwhile_IsNotDeleted", () =>
  withPage({}, async (page) => {
    const user = await member(server);
    await signIn(page, user, "/admin/record?bucket=default&collection=shopping&record=milk");
    await shows(page, "record");
    await server.request(user, "PUT", "/buckets/default/collections/shopping/records/milk", { body: { data: { title: "Oat milk" } } });
    await page.click("#delete button");
    await submit(page, "delete");
    await page.waitForSelector("form[name=delete] .problem p");
    assert.match(await page.innerText("form[name=delete] .problem"), /changed meanwhile/);
    const { status } = await server.request(user, "GET", "/buckets/default/collections/shopping/records/milk");
    assert.equal(status, 200);
  }));

test("Export_IsAFile_WithALineForEachObject", () =>
  withPage({}, async (page) => {
    await signIn(page, await member(server));
    await shows(page, "overview");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export a")]);
    assert.equal(download.suggestedFilename(), "lockstep.jsonl");
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.at(-1), { type: "end", objects: lines.length - 1 });
    assert.equal(lines.filter(({ type }) => type === "record").length, 4);
  }));

test("Session_ThatIsOver_IsAskedForAgain_AndGoesOnWhereItWas", () =>
  withPage({}, async (page) => {
    const user = await member(server);
    await signIn(page, user);
    await shows(page, "overview");
    await page.context().clearCookies();
    await page.click('tbody a:text-is("default")');
    await shows(page, "sign-in");
    assert.match(await page.innerText(".note.warning"), /signed out/);
    assert.equal(await page.locator(".places").isVisible(), false);
    await page.fill("[name=account]", user.name);
    await page.fill("[name=password]", user.password);
    await submit(page, "sign-in");
    await shows(page, "bucket");
  }));

test("Cookie_IsOfTheConsoleAlone_AndNoScriptSeesIt_AndSignOutEndsIt", () =>
  withPage({}, async (page) => {
    await signIn(page, await member(server));
    await shows(page, "overview");
    const [cookie, ...others] = await page.context().cookies();
    assert.deepEqual([cookie.path, cookie.httpOnly, cookie.sameSite, others.length], ["/admin/", true, "Strict", 0]);
    assert.deepEqual(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]), ["", 0, 0]);
    await page.click(".places button");
    await shows(page, "sign-in");
    assert.deepEqual(await page.context().cookies(), []);
  }));

test("Password_IsChanged_AndTheOldOneOpensNothing", () =>
  withPage({}, async (page) => {
    const user = await member(server);
    await signIn(page, user, "/admin/account");
    await shows(page, "account");
    await page.click("#password button");
    const fill = async (old, repeated) => {
      await page.fill("#password [name=password]", old);
      await page.fill("#password [name=new]", "a longer password");
      await page.fill("#password [name=repeated]", repeated);
      await submit(page, "change-password");
    };
    await fill(PASSWORD, "another");
    await page.waitForSelector("[name=repeated][aria-invalid=true]");
    await fill("wrong", "a longer password");
    await page.waitForSelector("#password [name=password][aria-invalid=true]");
    await fill(PASSWORD, "a longer password");
    await page.waitForSelector("#password .note.good");
    await page.reload();
    await shows(page, "account");
    assert.equal((await server.request(user, "GET", "/buckets/default/collections/shopping/records")).status, 401);
  }));

test("Account_IsDeleted_WithItsPassword", () =>
  withPage({}, async (page) => {
    const user = await member(server);
    await signIn(page, user, "/admin/account");
    await shows(page, "account");
    await page.click("#delete button");
    await page.fill("#delete [name=password]", PASSWORD);
    await submit(page, "delete-account");
    await shows(page, "deleted");
    assert.equal((await server.request(user, "GET", "/buckets/default/collections/shopping/records")).status, 401);
  }));

test("FirstAdministrator_IsMadeByTheLink_WhichLeavesTheAddress_AndWorksOnce", () =>
  withPage({}, async (page) => {
    const link = await newLink(server);
    await page.goto(`${server.address}/admin/first#link=${link}`);
    await shows(page, "first");
    assert.equal(page.url(), `${server.address}/admin/first`);
    await page.fill("[name=account]", "founder");
    await page.fill("[name=new]", "a good password");
    await page.fill("[name=repeated]", "a good password");
    await submit(page, "first");
    await shows(page, "overview");
    assert.equal(page.url(), `${server.address}/admin/`);
    assert.match(await page.innerText(".places .who"), /founder/);

    await page.goto(`${server.address}/admin/first#link=${link}`);
    await page.waitForSelector("form[name=first]");
    await page.fill("[name=account]", "founder2");
    await page.fill("[name=new]", "a good password");
    await page.fill("[name=repeated]", "a good password");
    await submit(page, "first");
    await page.waitForSelector("form[name=first] .problem p");
    assert.match(await page.innerText("form[name=first] .problem"), /used up or too old/);
  }));

test("FirstAdministrator_HasALinkInAFileOfTheirOwn_AndTheLogDoesNot", async () => {
  // Said right after the line that the start is over.
  let line;
  while (!(line = server.log.split("\n").find((one) => one.includes("no administrator")))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  const file = JSON.parse(line).State.File;
  const { mode } = await stat(file);
  assert.equal((mode & 0o777).toString(8), "600");
  const link = (await readFile(file, "utf8")).trim();
  assert.match(link, new RegExp(`^${server.address}/admin/first#link=[\\w-]{43}$`));
  assert.ok(!server.log.includes(link.split("=")[1]), "the log has the link");
});

test("Welcome_NamesTheAddressesOfThisServer_AndLeadsToTheConsole", () =>
  withPage({}, async (page) => {
    await page.goto(`${server.address}/`);
    await shows(page, "welcome");
    assert.match(await page.innerText("#kinto"), new RegExp(`${server.address}/v1/`));
    assert.match(await page.innerText("#firefox"), new RegExp(`identity\\.fxaccounts\\.autoconfig\\.uri[\\s\\S]*${server.address}`));
    assert.equal(await page.locator("#sync11").count(), 0);
    await page.click("text=Sign in to the console");
    await shows(page, "sign-in");
  }));

test("Pages_ArePathsOfScriptAndServer", async () => {
  const pages = await readFile(new URL("pages.js", FILES), "utf8");
  const served = await readFile(new URL("../ConsolePages.cs", FILES), "utf8");
  const paths = (text, pattern) => [...text.matchAll(pattern)].map(([, path]) => path).sort();
  assert.deepEqual(["/admin", ...paths(pages, /path: "([\w/-]*)"/g).map((path) => `/${path}`)].sort(), paths(served, /^ {8}"(\/[\w/-]*)",$/gm));
});

test("Texts_AreThereInEachLanguage_AndAreAllThatScriptsName", async () => {
  const json = async (root, name) => JSON.parse(await readFile(new URL(`texts/${name}.json`, root), "utf8"));
  const [en, de, shell] = [await json(FILES, "en"), await json(FILES, "de"), await json(SHELL, "en")];
  const names = (await readdir(FILES, { recursive: true })).filter((name) => name.endsWith(".js"));
  const scripts = (await Promise.all(names.map((name) => readFile(new URL(name, FILES), "utf8")))).join("\n");
  const values = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

  assert.deepEqual(Object.keys(de), Object.keys(en));
  for (const key of Object.keys(en)) {
    assert.deepEqual(values(de[key]), values(en[key]), key);
    assert.ok(key.startsWith("page.") || scripts.includes(`"${key}"`), `${key} is said nowhere`);
  }

  for (const [, key] of scripts.matchAll(/\bt\("([^"]+)"/g)) {
    assert.ok(key in en || key in shell, key);
  }

  assert.doesNotMatch(scripts, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|localStorage|sessionStorage|indexedDB|document\.cookie/);
});
