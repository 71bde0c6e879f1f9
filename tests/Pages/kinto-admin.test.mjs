// kinto-admin, unmodified, in Chromium and against the built server: what an administrator of data does with it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../Clients/server.mjs";
import { noFaults, openPage, startChromium } from "./browser.mjs";
import { startKintoAdmin } from "./kinto-admin.mjs";

const DEADLINE_MS = 120_000;
const ATTEMPTS = 20;
const SCHEMA = { type: "object", properties: { title: { type: "string" }, content: { type: "string" } }, required: ["title"] };

let admin;
let browser;
let server;

before(async () => {
  admin = await startKintoAdmin();
  [browser, server] = await Promise.all([startChromium(), startServer({ "kinto:history:enabled": true, "kinto:schemas:enabled": true })]);
});
after(async () => {
  await browser?.close();
  await admin?.stop();
  await server?.stop();
});

/** A page of kinto-admin, and somebody who may sign in there. */
async function open() {
  const page = await openPage(browser, { viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(DEADLINE_MS);
  page.on("dialog", (dialog) => dialog.accept());
  page.underWay = 0;
  for (const [event, by] of [["request", 1], ["requestfinished", -1], ["requestfailed", -1]]) {
    page.on(event, (request) => (page.underWay += request.url().startsWith(server.address) ? by : 0));
  }

  await page.addInitScript(watchNotices);
  await page.goto(admin.open(server));
  return { page, user: await server.register() };
}

/** What was told, also what is gone from the page by now. Runs in the page. */
function watchNotices() {
  window.notices = "";
  new MutationObserver(() => document.querySelectorAll(".notifications").forEach((notices) => (window.notices += notices.textContent))).observe(document, { childList: true, subtree: true });
}

async function signIn(page, { name, password }) {
  await page.getByText("Kinto Account Auth", { exact: true }).click();
  await send(page, "Sign in using Kinto Account Auth", { "#root_credentials_username": name, "#root_credentials_password": password });
}

/** Goes to a place in the page, by what is behind its address's number sign. */
const goTo = (page, path) => page.goto(`${admin.open(server)}#${path}`);

/** Until nothing is asked any more. */
async function settle(page) {
  for (let quiet = 0; quiet < 3; quiet = page.underWay === 0 ? quiet + 1 : 0) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}

/** Fills in fields and sends the form. Each answer makes the page draw its forms anew, and then forget what was typed: so that is done again until it stays. */
async function send(page, label, fields) {
  for (let attempt = 0; ; attempt++) {
    for (const [selector, text] of Object.entries(fields)) {
      await page.locator(selector).waitFor();
      await settle(page);
      await page.fill(selector, text);
    }

    await settle(page);
    const typed = await Promise.all(Object.keys(fields).map((selector) => page.inputValue(selector)));
    if (typed.every((text, i) => text === Object.values(fields)[i])) {
      break;
    }

    assert.ok(attempt < ATTEMPTS, `The form forgets what is typed: ${typed}`);
  }

  await page.locator("button[type=submit]", { hasText: label }).click();
}

const menuOf = (page, bucket) => page.locator(".bucket-menu").filter({ has: page.locator("strong", { hasText: new RegExp(`^${bucket}$`) }) });
const says = (page, text) => page.waitForFunction((told) => window.notices.includes(told), text);
const isAt = (page, path) => page.waitForURL(({ hash }) => hash === `#${path}`, { waitUntil: "commit" });
const rows = (page) => page.locator("table tbody tr");
const tab = (page, name) => page.locator(".nav-tabs").getByText(name).click();

test("wrong_password_is_told_and_signs_nobody_in", async () => {
  const { page, user } = await open();

  await signIn(page, { ...user, password: "something else" });

  await says(page, "Authentication failed.");
  assert.equal(await page.locator(".session-info-bar").count(), 0);
  await page.context().close();
});

test("bucket_and_collection_are_made_listed_shared_and_deleted_and_history_tells_of_it", async () => {
  const { page, user } = await open();
  const got = (path) => server.request(user, "GET", path);
  await signIn(page, user);
  await page.locator(".user-info").getByText(`account:${user.name}`, { exact: true }).waitFor();

  // A bucket, and in it a collection with the schema that the form proposes.
  await page.click("text=Create bucket");
  await send(page, "Create bucket", { "#root_id": "work" });
  await says(page, "Bucket created.");
  await menuOf(page, "work").getByText("Create collection").click();
  await isAt(page, "/buckets/work/collections/create");
  await send(page, "Create collection", { "#root_id": "notes" });
  await says(page, "Collection created.");
  await menuOf(page, "work").getByText("notes", { exact: true }).waitFor();
  const { data } = (await got("/buckets/work/collections/notes")).body;
  assert.deepEqual(Object.keys(data.schema.properties), ["title", "content"]);
  assert.deepEqual(data.displayFields, ["title"]);

  // A right of everyone.
  await tab(page, "Permissions");
  await isAt(page, "/buckets/work/collections/notes/permissions");
  await page.locator(".field-anonymous").waitFor();
  await settle(page);
  await page.locator(".field-anonymous").getByText("read", { exact: true }).click();
  await page.locator(".permissions-form button[type=submit]").click();
  await says(page, "Collection permissions updated.");
  assert.deepEqual((await got("/buckets/work/collections/notes")).body.permissions.read, ["system.Everyone"]);
  assert.equal((await server.request(null, "GET", "/buckets/work/collections/notes/records")).status, 200);

  // A group.
  await goTo(page, "/buckets/work/groups/create");
  await page.locator(".btn-add").waitFor();
  await settle(page);
  await page.locator(".btn-add").click();
  await send(page, "Create group", { "#root_id": "staff", "#root_members_0": "account:somebody" });
  await says(page, "Group created.");
  assert.deepEqual((await got("/buckets/work/groups/staff")).body.data.members, ["account:somebody"]);

  // What has happened.
  await goTo(page, "/buckets/work/collections/notes/history");
  await rows(page).getByText("create", { exact: true }).waitFor();
  await rows(page).getByText("update", { exact: true }).waitFor();

  // The end of both, once their names are typed.
  await tab(page, "Attributes");
  await isAt(page, "/buckets/work/collections/notes/attributes");
  await page.locator(".border-danger input").waitFor();
  await send(page, "Delete collection", { ".border-danger input": "notes" });
  await says(page, "Collection deleted.");
  assert.equal((await got("/buckets/work/collections/notes")).status, 404);
  await goTo(page, "/buckets/work/attributes");
  await send(page, "Delete bucket", { ".border-danger input": "work" });
  await says(page, "Bucket deleted.");
  await menuOf(page, "work").waitFor({ state: "detached" });
  assert.equal((await got("/buckets/work")).status, 403);
  noFaults(page);
  await page.context().close();
});

test("record_is_made_with_a_file_changed_kept_from_being_overwritten_and_deleted", async () => {
  const { page, user } = await open();
  const records = "/buckets/shop/collections/goods/records";
  const list = async () => (await server.request(user, "GET", records)).body.data;
  await server.request(user, "PUT", "/buckets/shop", { body: {} });
  await server.request(user, "PUT", "/buckets/shop/collections/goods", {
    body: { data: { schema: SCHEMA, uiSchema: { "ui:order": ["title", "content"] }, displayFields: ["title"], attachment: { enabled: true, required: false } } },
  });
  await signIn(page, user);
  await says(page, "Authenticated.");

  // By the form of the schema, with a file.
  await goTo(page, `${records}/create`);
  await page.locator("#root___attachment__").waitFor();
  await settle(page);
  await page.setInputFiles("#root___attachment__", { name: "milk.txt", mimeType: "text/plain", buffer: Buffer.from("two litres") });
  await page.locator(".file-info").getByText("milk.txt").waitFor();
  await send(page, "Create record", { "#root_title": "Milk", "#root_content": "two litres" });
  await says(page, "Record created.");
  await rows(page).getByText("Milk", { exact: true }).waitFor();
  const [made] = await list();
  assert.deepEqual([made.title, made.content, made.attachment.filename, made.attachment.mimetype], ["Milk", "two litres", "milk.txt", "text/plain"]);
  assert.equal(await (await fetch(made.attachment.location)).text(), "two litres");

  // Changed: the file stays.
  await page.locator("a[title='Edit record']").click();
  await page.locator(".attachment-info").getByText("milk.txt", { exact: true }).waitFor();
  await send(page, "Update record", { "#root_title": "Oat milk" });
  await says(page, "Record attributes updated.");
  await rows(page).getByText("Oat milk", { exact: true }).waitFor();
  const [changed] = await list();
  assert.deepEqual([changed.title, changed.attachment], ["Oat milk", made.attachment]);

  // Changed by somebody else while the form is open.
  await page.locator("a[title='Edit record']").click();
  await page.locator("#root_title").waitFor();
  await settle(page);
  await server.request(user, "PATCH", `${records}/${made.id}`, { body: { data: { title: "Soy milk" } } });
  await send(page, "Update record", { "#root_title": "Rice milk" });
  await says(page, "Couldn't update record.");
  assert.equal((await list())[0].title, "Soy milk");

  // Deleted, with its file.
  await goTo(page, records);
  await rows(page).getByText("Soy milk", { exact: true }).waitFor();
  await page.locator("button[title='Delete record']").click();
  await says(page, "Record deleted.");
  await page.getByText("This collection has no records.").waitFor();
  assert.deepEqual(await list(), []);
  assert.equal((await fetch(made.attachment.location)).status, 404);

  // What was refused it writes into the console too.
  page.faults = page.faults.filter((fault) => !fault.includes("HTTP 412"));
  noFaults(page);
  await page.context().close();
});
