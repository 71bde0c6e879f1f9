// The administrators' pages of the console, in Chromium and against the built server.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startServer } from "../Clients/server.mjs";
import { keepsNobodyOut } from "./accessibility.mjs";
import { noFaults, openPage, startChromium } from "./browser.mjs";

const DEADLINE_MS = 120_000;
const NARROW = { width: 320, height: 640 };
const PASSWORD = "a password of these tests";
const VIEWS = new URL("../../src/Gateway.Console/Pages/Files/views/admin/", import.meta.url);
/** Views that were looked at. */
const seen = new Set();

let browser;
let server;
let users = 0;

before(async () => {
  [browser, server] = await Promise.all([startChromium(), startServer({ "accounts:administrators": "account:admin" })]);
  await register("admin");
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function register(name) {
  await ask("PUT", `/accounts/${name}`, { data: { password: PASSWORD } });
  return name;
}

const newUser = () => register(`user-of-pages-${++users}`);

async function ask(method, path, body, user) {
  const headers = { "Content-Type": "application/json", ...(user && { Authorization: `Basic ${btoa(`${user}:${PASSWORD}`)}` }) };
  const response = await fetch(server.remote + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}

/** A page of the console where somebody has signed in. */
async function open(path, name = "admin", options = {}) {
  const page = await openPage(browser, options);
  page.setDefaultTimeout(DEADLINE_MS);
  await page.goto(`${server.address}/admin/${path}`);
  await shows(page, "sign-in");
  await page.fill("[name=account]", name);
  await page.fill("[name=password]", PASSWORD);
  await page.click("form[name=sign-in] button[type=submit]");
  return page;
}

async function shows(page, view) {
  await page.waitForSelector(`[data-view="${view}"]`);
  seen.add(view);
}

/** An account with something stored. */
async function stored() {
  const user = await newUser();
  await ask("PUT", `/buckets/${user}`, { data: {} }, user);
  await ask("PUT", `/buckets/${user}/collections/notes`, { data: {} }, user);
  await ask("PUT", `/buckets/${user}/collections/notes/records/a`, { data: { text: "x" } }, user);
  return user;
}

const PAGES = {
  server: { view: "server", path: async () => "server", ready: "#own .facts" },
  health: { view: "health", path: async () => "health", ready: "#silos table" },
  accounts: { view: "accounts", path: async () => "accounts", ready: "#accounts tbody tr" },
  account: { view: "one-account", path: async () => `accounts/show?account=${await stored()}`, ready: "#buckets tbody tr" },
  bucket: { view: "account-bucket", path: async () => {
    const user = await stored();
    return `accounts/bucket?account=${user}&bucket=b:${user}`;
  }, ready: "#collections tbody tr" },
  audit: { view: "audit", path: async () => "audit", ready: "#events tbody tr" },
  settings: { view: "settings", path: async () => "settings", ready: "#all tbody tr" },
};

for (const [name, { view, path, ready }] of Object.entries(PAGES)) {
  test(`Page_${name}_KeepsNobodyOut_LightAndDark_AndFitsASmallPhone`, async () => {
    const page = await open(await path(), "admin", { viewport: NARROW, reducedMotion: "reduce" });
    await shows(page, view);
    await page.waitForSelector(ready);
    await keepsNobodyOut(page);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the phone");
    assert.equal(await page.locator("h1").count(), 1);
    await page.click("[data-language=de]");
    await page.waitForSelector("html[lang=de]");
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the phone, in German");
    noFaults(page);
    await page.context().close();
  });
}

test("Views_AreAllLookedAt", async () => {
  const sources = await Promise.all((await readdir(VIEWS)).map((name) => readFile(new URL(name, VIEWS), "utf8")));
  const views = sources.flatMap((source) => [...source.matchAll(/\bshow\(\{\s*name: "([a-z-]+)"/g)].map(([, name]) => name));
  assert.equal(views.length, Object.keys(PAGES).length);
  assert.deepEqual(views.filter((name) => !seen.has(name)), []);
});

test("User_WhoIsNoAdministrator_HasNoneOfThePages", async () => {
  const page = await open("accounts", await newUser());
  await shows(page, "nothing");
  assert.equal(await page.locator("nav.places a[href*='accounts']").count(), 0);
  for (const path of ["server", "health", "audit", "settings"]) {
    await page.goto(`${server.address}/admin/${path}`);
    await shows(page, "nothing");
  }

  noFaults(page);
  await page.context().close();
});

test("Account_IsMadeFoundLimitedDisabledAndDeleted", async () => {
  const page = await open("accounts");
  await shows(page, "accounts");
  await page.click("#new-account button");
  await page.fill("[name=account]", "made-by-hand");
  await page.click("form[name=make-account] button[type=submit]");
  const password = await page.innerText(".once");
  assert.match(password, /^\w{20}$/);
  assert.equal((await fetch(`${server.remote}/buckets`, { headers: { Authorization: `Basic ${btoa(`made-by-hand:${password}`)}` } })).status, 200);

  await page.fill("[name=prefix]", "made-");
  await page.click("form[name=search] button[type=submit]");
  await page.click("#accounts tbody a");
  await shows(page, "one-account");
  await page.fill("[name=bytes]", "twelve");
  await page.click("form[name=quota] button[type=submit]");
  await page.waitForSelector("[name=bytes][aria-invalid=true]");
  await page.fill("[name=bytes]", "12000");
  await page.click("form[name=quota] button[type=submit]");
  await page.waitForSelector("#quota [role=status] span");

  await page.click("#password button");
  await page.click("form[name=reset-password] button[type=submit]");
  const next = await page.innerText(".once");
  assert.notEqual(next, password);
  assert.equal((await fetch(`${server.remote}/buckets`, { headers: { Authorization: `Basic ${btoa(`made-by-hand:${next}`)}` } })).status, 200);

  const opens = async () => (await fetch(`${server.remote}/buckets`, { headers: { Authorization: `Basic ${btoa(`made-by-hand:${next}`)}` } })).status;
  for (const [state, status] of [["attached", 401], ["detached", 200]]) {
    await page.click("#state button");
    await page.click("form[name=state] button[type=submit]");
    await page.waitForSelector("#facts .badge.bad", { state });
    assert.equal(await opens(), status);
  }

  await page.click("#delete button");
  await page.fill("[name=confirm]", "another");
  await page.click("form[name=delete-account] button[type=submit]");
  await page.waitForSelector("[name=confirm][aria-invalid=true]");
  await page.fill("[name=confirm]", "made-by-hand");
  await page.click("form[name=delete-account] button[type=submit]");
  await shows(page, "accounts");
  assert.equal((await fetch(`${server.remote}/buckets`, { headers: { Authorization: `Basic ${btoa(`made-by-hand:${next}`)}` } })).status, 401);
  noFaults(page);
  await page.context().close();
});

test("Invitation_LetsSomebodyMakeAnAccount_AndIsRevoked", async () => {
  const page = await open("accounts");
  await shows(page, "accounts");
  await page.click("#invitations button");
  await page.fill("#invitations [name=account]", "invited-by-hand");
  await page.fill("#invitations [name=note]", "for a friend");
  await page.click("form[name=invite] button[type=submit]");
  const link = await page.innerText("#invitations .once");
  await page.waitForSelector("#invitations tbody tr:has-text('invited-by-hand')");

  const guest = await openPage(browser, { viewport: NARROW });
  guest.setDefaultTimeout(DEADLINE_MS);
  await guest.goto(link);
  await guest.waitForSelector("[data-view=invitation] form");
  await keepsNobodyOut(guest);
  assert.ok(!guest.url().includes("#"));
  assert.equal(await guest.inputValue("[name=account]"), "invited-by-hand");
  await guest.fill("[name=new]", PASSWORD);
  await guest.fill("[name=repeated]", PASSWORD);
  await guest.click("form[name=invitation] button[type=submit]");
  await guest.waitForSelector("[data-view=overview]");
  noFaults(guest);
  await guest.context().close();

  await page.reload();
  await page.waitForSelector("#invitations p.soft:has-text('no open invitation')");
  await page.click("#invitations button");
  await page.click("form[name=invite] button[type=submit]");
  await page.click("form[name=revoke] button[type=submit]");
  await page.waitForSelector("#invitations p.soft:has-text('no open invitation')");
  noFaults(page);
  await page.context().close();
});

test("Bucket_IsDeleted_WhenItsNameWasTyped", async () => {
  const user = await stored();
  const page = await open(`accounts/show?account=${user}`);
  await shows(page, "one-account");
  await page.click(`#buckets a:has-text("${user}")`);
  await shows(page, "account-bucket");
  await page.click("#delete button");
  await page.fill("[name=confirm]", user);
  await page.click("form[name=delete-bucket] button[type=submit]");
  await shows(page, "one-account");
  await page.waitForSelector("#buckets p.soft:has-text('Nothing')");
  noFaults(page);
  await page.context().close();
});

test("Settings_AreFiltered_AndShowNoSecret", async () => {
  const page = await open("settings");
  await shows(page, "settings");
  assert.ok((await page.innerText("#all tbody")).includes("Accounts:Administrators"));
  await page.click("[name=changed]");
  await page.fill("[name=filter]", "tokensecrets");
  await page.waitForFunction(() => document.querySelectorAll("#all tbody tr").length === 1);
  assert.match(await page.innerText("#all tbody tr"), /Set, and not shown|Not set/);
  noFaults(page);
  await page.context().close();
});
