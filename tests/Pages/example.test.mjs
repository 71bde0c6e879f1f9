// examples/syncto, a page of another origin, and the built server: it signs in, reads what a device has synced, and changes it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { beginSignIn, finishSignIn } from "../../examples/syncto/sign-in.mjs";
import { exampleSettings, serveExample } from "../Clients/example.mjs";
import { startServer } from "../Clients/server.mjs";
import { SyncDevice } from "../Clients/sync15.mjs";
import { noFaults, openPage, startChromium } from "./browser.mjs";
import { shows, signUp, submit, typeSignIn } from "./person.mjs";

const EMAIL = "ann@example.org";

let browser;
let example;
let server;
let device;

before(async () => {
  [browser, example] = await Promise.all([startChromium(), serveExample()]);
  server = await startServer({ "accounts:registration": "open", ...exampleSettings(example.address) });
  const page = await open();
  await signUp(page, EMAIL);
  await shows(page, "settings");
  await page.context().close();
  device = await SyncDevice.signIn(server.address, await signInWithoutPage());
  await device.put("bookmarks", bookmark("aaaaaaaaaaaa", "Grüße 😀"));
  await device.put("bookmarks", bookmark("bbbbbbbbbbbb", "Second"));
  await device.put("bookmarks", { id: "toolbar", type: "folder", parentid: "places", title: "toolbar", children: ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] });
});
after(async () => {
  await browser?.close();
  await example?.close();
  await server?.stop();
});

const bookmark = (id, title) => ({ id, type: "bookmark", title, bmkUri: `https://example.org/${id}`, parentid: "toolbar", dateAdded: 1 });

async function open() {
  const page = await openPage(browser);
  page.server = server;
  return page;
}

/** Token and key as the example has them in Node: whoever comes back, comes back to its address. */
async function signInWithoutPage() {
  const { url, pending } = await beginSignIn({ server: server.address, client: "bookmarks", redirect: `${example.address}/` });
  const page = await open();
  await page.goto(url);
  await shows(page, "enter");
  await typeSignIn(page, EMAIL);
  await shows(page, "consent");
  const [back] = await Promise.all([page.waitForRequest((request) => request.url().startsWith(`${example.address}/?`)), submit(page, "consent")]);
  await page.context().close();
  return finishSignIn(pending, new URL(back.url()).searchParams);
}

/** A person at the example, whom the server asks whether they mean it. */
async function atConsent() {
  const page = await open();
  await page.goto(example.address);
  await page.fill("[name=server]", server.address);
  await page.click("text=Sign in");
  await shows(page, "enter");
  await typeSignIn(page, EMAIL);
  await shows(page, "consent");
  return page;
}

const says = (page, text) => page.waitForFunction((said) => document.getElementById("status")?.textContent === said, text);

const titles = (page) => page.locator("#bookmarks input").evaluateAll((fields) => fields.map((field) => field.value));

test("Page_SignsIn_ReadsWhatADeviceHasSynced_AndTheDeviceGetsWhatItChanges", async () => {
  const page = await atConsent();
  assert.match(await page.innerText("h1"), /Bookmarks wants to use your account/);
  assert.match(await page.innerText("[data-view=consent]"), new RegExp(`${new URL(example.address).host}[\\s\\S]*saved passwords`));
  await submit(page, "consent");
  await says(page, "2 bookmarks.");

  assert.equal(page.url(), `${example.address}/`);
  assert.deepEqual((await titles(page)).sort(), ["Grüße 😀", "Second"]);
  await page.fill('[aria-label="Title of https://example.org/bbbbbbbbbbbb"]', "Renamed");
  await Promise.all([page.waitForResponse((response) => response.url().endsWith("/batch")), page.keyboard.press("Tab")]);
  await says(page, "2 bookmarks.");

  const { sortindex, storedAs, ...changed } = (await device.list("bookmarks")).find(({ id }) => id === "bbbbbbbbbbbb");
  assert.deepEqual(changed, bookmark("bbbbbbbbbbbb", "Renamed"));
  const { body } = await device.request("GET", "/storage/bookmarks/bbbbbbbbbbbb");
  assert.ok(!JSON.stringify(body).includes("Renamed"), "the title went out in the clear");

  // Neither token nor key is anywhere but in memory, and what the sign-in needed is gone.
  const stored = await page.evaluate(async () => {
    const database = await new Promise((resolve) => (indexedDB.open("sign-in").onsuccess = ({ target }) => resolve(target.result)));
    const pending = await new Promise((resolve) => (database.transaction("pending").objectStore("pending").count().onsuccess = ({ target }) => resolve(target.result)));
    return [pending, sessionStorage.length, localStorage.length, document.cookie];
  });
  assert.deepEqual(stored, [0, 0, 0, ""]);
  noFaults(page);
  await page.context().close();
});

test("Page_ThatIsNotLetIn_SaysSo_AndHasNothing", async () => {
  const page = await atConsent();
  await page.click("text=Do not allow");
  await page.waitForSelector("text=You did not allow it.");
  assert.equal(await page.locator("#bookmarks li").count(), 0);
  noFaults(page);
  await page.context().close();
});

test("Page_WithAnAnswerThatItDidNotAskFor_TakesNothing", async () => {
  const page = await open();
  await page.goto(`${example.address}/?code=${"0".repeat(64)}&state=of-somebody-else`);
  await page.waitForSelector("text=This sign-in was not begun here");
  assert.equal(page.url(), `${example.address}/`);
  noFaults(page);
  await page.context().close();
});

test("SignIn_OfAnotherStateOrCode_IsRefused_AndTheRightOneHasTheKeyOfSync", async () => {
  const [one, other] = [await signInWithoutPage(), await beginSignIn({ server: server.address, client: "bookmarks", redirect: `${example.address}/` })];
  await assert.rejects(finishSignIn(other.pending, new URLSearchParams({ state: "x", code: "y" })), /another sign-in/);
  await assert.rejects(finishSignIn(other.pending, new URLSearchParams({ state: other.pending.state, code: "0".repeat(64) })), /The server says: 400/);
  assert.equal(one.key.scope, "https://identity.mozilla.com/apps/oldsync");
});
