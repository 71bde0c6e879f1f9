import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { keepsNobodyOut } from "./accessibility.mjs";
import { openPage, startChromium } from "./browser.mjs";
import { startFake } from "./fake-server.mjs";
import { GALLERY } from "./gallery.mjs";
import { PASSWORD, shows, signIn, signUp } from "./person.mjs";

const NARROW = { width: 320, height: 640 };

const FILES = new URL("../../src/Gateway.FirefoxAccounts/Pages/Files/views/", import.meta.url);
/** Views that were looked at. */
const seen = new Set();

let browser;
before(async () => (browser = await startChromium()));
after(() => browser.close());

async function withPage(options, dialect, action) {
  const server = await startFake();
  const page = await openPage(browser, options, dialect && { kind: dialect });
  page.server = server;
  try {
    await action(page);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
    await server.stop();
  }
}

for (const [name, { firefox, show }] of Object.entries(GALLERY)) {
  test(`Page_${name}_KeepsNobodyOut_LightAndDark_AndFitsASmallPhone`, () =>
    withPage({ viewport: NARROW, reducedMotion: "reduce" }, firefox, async (page) => {
      await show(page);
      seen.add(await page.getAttribute("[data-view]", "data-view"));
      await keepsNobodyOut(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the phone");
      assert.notEqual(await page.title(), "");
      assert.equal(await page.locator("h1").count(), 1);
      const small = await page.$$eval("button, input, .button", (all) => all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 20).map((one) => one.outerHTML));
      assert.deepEqual(small, []);
    }));
}

test("Views_AreAllInTheGallery", async () => {
  const scripts = (await readdir(FILES, { recursive: true })).filter((name) => name.endsWith(".js"));
  const sources = await Promise.all(scripts.map((name) => readFile(new URL(name, FILES), "utf8")));
  const views = sources.flatMap((source) => [...source.matchAll(/\bshow\(\{\s*name: "([a-z-]+)"/g)].map(([, name]) => name));
  assert.ok(views.length > 20, `only ${views.length} views are found`);
  assert.deepEqual(views.filter((name) => !seen.has(name)), []);
});

test("SignIn_ByKeyboardAlone", () =>
  withPage({}, undefined, async (page) => {
    await signUp(page, "ada@example.org");
    await shows(page, "settings");
    await page.goto(page.server.address + "/signin");
    await shows(page, "enter");
    const focused = () => page.evaluate(() => document.activeElement.name || document.activeElement.innerText);
    assert.equal(await focused(), "email");
    await page.keyboard.type("ada@example.org");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "password");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Show");
    await page.keyboard.press("Space");
    assert.equal(await page.getAttribute("[name=password]", "type"), "text");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Sign in");
    await page.keyboard.press("Enter");
    await shows(page, "settings");
    // What has come is read, and the way through it goes on from there.
    assert.equal(await focused(), "Your account");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Connect another device");
  }));

test("Focus_IsSeen", () =>
  withPage({}, undefined, async (page) => {
    await page.goto(page.server.address + "/signin");
    await shows(page, "enter");
    const all = await page.locator("a, button, input").count();
    const skip = () => page.evaluate(() => document.activeElement.className === "skip");
    // Behind the last one the browser's own buttons come.
    const nowhere = () => page.evaluate(() => document.activeElement === document.body);
    await page.evaluate(() => document.activeElement.blur());
    for (let i = 0; i < all; i++) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2 && document.activeElement.getBoundingClientRect().top >= 0;
      });
      assert.ok(seen || (await skip()) || (await nowhere()), await page.evaluate(() => document.activeElement.outerHTML));
    }
  }));

test("Error_IsTiedToItsField_AndTold", () =>
  withPage({}, undefined, async (page) => {
    page.server.registration = { ...page.server.registration, mayRegister: false };
    await signIn(page, "ada@example.org");
    await page.waitForSelector(".problem p");
    assert.equal(await page.getAttribute(".problem", "role"), "alert");
    assert.equal(await page.evaluate(() => document.activeElement.className), "problem");
    await page.fill("[name=email]", "");
    await page.click("button[type=submit]");
    const described = await page.getAttribute("[name=email]", "aria-describedby");
    assert.equal(await page.getAttribute("[name=email]", "aria-invalid"), "true");
    assert.match(await page.innerText(`#${described.split(" ").pop()}`), /Fill this in/);
  }));

test("Language_IsTheBrowsers_OrWhatWasChosen_AndNothingTypedIsLost", () =>
  withPage({ locale: "de-AT" }, undefined, async (page) => {
    await page.goto(page.server.address + "/signin");
    await shows(page, "enter");
    assert.equal(await page.innerText("h1"), "Anmelden");
    assert.equal(await page.getAttribute("html", "lang"), "de");
    await page.fill("[name=email]", "ada@example.org");
    await page.click("text=English");
    await page.waitForSelector("h1:has-text('Sign in')");
    assert.equal(await page.inputValue("[name=email]"), "ada@example.org");
    assert.match(await page.title(), /^Sign in · 127/);
    await page.reload();
    await page.waitForSelector("h1:has-text('Sign in')");
    assert.equal(await page.getAttribute("html", "lang"), "en");
  }));

test("BackButton_GoesFromPageToPage", () =>
  withPage({}, undefined, async (page) => {
    await page.goto(page.server.address + "/signin");
    await shows(page, "enter");
    await page.click("text=Forgot your password?");
    await shows(page, "forgot");
    await page.click("text=I have a recovery key");
    await shows(page, "recover");
    await page.goBack();
    await shows(page, "forgot");
    await page.goBack();
    await shows(page, "enter");
  }));

test("Page_KeepsNothingInTheBrowser", () =>
  withPage({}, undefined, async (page) => {
    await signUp(page, "ada@example.org");
    await shows(page, "settings");
    await page.click("text=Deutsch");
    await page.waitForSelector("h1:has-text('Dein Konto')");
    const kept = await page.evaluate(async () => ({
      local: { ...localStorage },
      session: { ...sessionStorage },
      cookies: document.cookie,
      databases: await indexedDB.databases(),
      caches: await caches.keys(),
    }));
    assert.deepEqual(kept, { local: { language: "de" }, session: {}, cookies: "", databases: [], caches: [] });
    assert.deepEqual(await page.context().cookies(), []);
    await page.reload();
    // Who had signed in here is gone with the page.
    await shows(page, "enter");
  }));

test("Password_LeavesThePageInNoForm", () =>
  withPage({}, undefined, async (page) => {
    await signUp(page, "ada@example.org");
    await shows(page, "settings");
    await signIn(page, "ada@example.org");
    await shows(page, "settings");
    for (const { line, body, headers } of page.server.requests) {
      assert.ok(!`${line}${body}${JSON.stringify(headers)}`.includes(PASSWORD.split(" ")[1]), line);
      assert.equal(headers.referer, undefined, line);
      assert.equal(headers.cookie, undefined, line);
    }
  }));
