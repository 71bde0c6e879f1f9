// Every page in every state that is worth looking at: what each needs before it shows. For the pictures in the docs, and for what has to hold
// of all of them.
import { newFlow } from "./browser.mjs";
import { TOTP_CODE } from "./fake-server.mjs";
import { openPart, PASSWORD, shows, signIn, signUp, submit } from "./person.mjs";

const EMAIL = "ada@example.org";
const NOTES = { id: "0123456789abcdef", name: "Notes", trusted: false, redirect_uri: "https://notes.example/back", scope: [], consent: true };

/** Somebody who has a few devices and passwords. */
function member(page) {
  const account = page.server.addMember(EMAIL, PASSWORD);
  const client = (name, deviceType, days) => ({ ...account.clients[0], sessionTokenId: name, name, deviceType, lastAccessTime: Date.UTC(2026, 10, 29 - days, 9, 30) });
  account.clients.push(client("Firefox on Linux", "desktop", 1), client("Fenix on Pixel 9", "mobile", 2), client("Notes", "web", 12));
  account.appPasswords.push({ id: "1", name: "Notes on the tablet", scope: "kinto", createdTime: Date.UTC(2026, 9, 3, 18), lastAccessTime: Date.UTC(2026, 10, 28, 7, 15) });
  return account;
}

async function atSettings(page) {
  member(page);
  await signIn(page, EMAIL);
  await shows(page, "settings");
  await page.waitForSelector("#app-passwords li");
  await page.waitForSelector("#second-factor button");
  await page.waitForSelector("#recovery-key button");
}

async function makeRecoveryKey(page) {
  await openPart(page, "recovery-key");
  await page.fill("#recovery-key [name=password]", PASSWORD);
  await submit(page, "recovery-key");
  await page.waitForSelector("#recovery-key .once");
  return page.innerText("#recovery-key .once");
}

async function atFactor(page) {
  member(page).totp = { on: true, codes: ["a1b2c3d4e5"] };
  await signIn(page, EMAIL);
  await shows(page, "factor");
}

async function atReset(page, keeps) {
  const account = member(page);
  account.totp = { on: true, codes: ["a1b2c3d4e5"] };
  await page.goto(page.server.address + "/reset_password");
  await page.fill("[name=email]", EMAIL);
  await submit(page, "forgot");
  await shows(page, "reset-code");
  if (keeps) {
    await page.fill("[name=code]", page.server.mails.at(-1).code);
    await submit(page, "reset-code");
    await shows(page, "reset");
  }
}

const goTo = (path, view) => async (page) => {
  await page.goto(page.server.address + path);
  await shows(page, view);
};

/** By name; in the order of the docs. `firefox` plays one around the page. */
export const GALLERY = {
  "sign-in": { firefox: "desktop", show: async (page) => goTo("/" + (await newFlow()).search, "enter")(page) },
  "sign-in-wrong": {
    show: async (page) => {
      page.server.registration = { ...page.server.registration, registration: "closed", mayRegister: false };
      await signIn(page, EMAIL, { password: "not my password" });
      await page.waitForSelector(".problem p");
    },
  },
  "firefox-silent": {
    show: async (page) => {
      await goTo("/" + (await newFlow()).search, "enter")(page);
      await page.waitForSelector(".note.warning >> visible=true", { timeout: 15_000 });
    },
  },
  "sign-up": {
    firefox: "desktop",
    show: async (page) => {
      await goTo("/signup" + (await newFlow()).search, "join")(page);
      await page.waitForSelector("[name=sync-tabs]");
    },
  },
  "sign-up-wrong": {
    firefox: "desktop",
    show: async (page) => {
      await goTo("/signup" + (await newFlow()).search, "join")(page);
      await page.waitForSelector("[name=sync-tabs]");
      await page.fill("[name=email]", "ada");
      await page.fill("[name=password]", "short");
      await submit(page, "sign-up");
    },
  },
  "new-here": {
    firefox: "desktop",
    show: async (page) => {
      await signIn(page, EMAIL, { path: "/" + (await newFlow()).search });
      await shows(page, "join");
      await page.waitForSelector("[name=sync-tabs]");
    },
  },
  closed: {
    show: async (page) => {
      page.server.registration = { ...page.server.registration, registration: "closed", mayRegister: false };
      await goTo("/signup", "closed")(page);
    },
  },
  confirm: {
    show: async (page) => {
      page.server.verifies = true;
      await signUp(page, EMAIL);
      await shows(page, "confirm");
    },
  },
  connected: {
    firefox: "desktop",
    show: async (page) => {
      await signUp(page, EMAIL, { path: "/signup" + (await newFlow()).search });
      await shows(page, "connected");
    },
  },
  "second-factor": { show: atFactor },
  "recovery-code": {
    show: async (page) => {
      await atFactor(page);
      await page.click("text=I do not have the app at hand");
      await shows(page, "recovery-code");
    },
  },
  forgot: { show: goTo("/reset_password", "forgot") },
  "recovery-key": { show: goTo("/recovery_key", "recover") },
  "recover-factor": {
    show: async (page) => {
      await atSettings(page);
      const key = await makeRecoveryKey(page);
      page.server.account(EMAIL).totp = { on: true, codes: ["a1b2c3d4e5"] };
      await goTo("/recovery_key", "recover")(page);
      await page.fill("[name=email]", EMAIL);
      await page.fill("[name=key]", key);
      await submit(page, "recover");
      await shows(page, "recover-factor");
    },
  },
  "reset-code": { show: (page) => atReset(page, false) },
  reset: { show: (page) => atReset(page, true) },
  "reset-link": {
    show: async (page) => {
      member(page);
      await page.goto(page.server.linkFor(EMAIL));
      await page.reload();
      await page.goto(page.server.linkFor(EMAIL).replace("/reset_password", "/reset_password?"));
      await shows(page, "reset-link");
    },
  },
  settings: { wide: true, show: atSettings },
  "settings-open": {
    wide: true,
    show: async (page) => {
      await atSettings(page);
      await makeRecoveryKey(page);
      await openPart(page, "second-factor");
      await page.fill("#second-factor [name=password]", PASSWORD);
      await submit(page, "second-factor");
      await page.waitForSelector("#second-factor .qr");
      await openPart(page, "password");
      await openPart(page, "app-passwords");
      await openPart(page, "export");
      await openPart(page, "delete");
    },
  },
  "settings-codes": {
    wide: true,
    show: async (page) => {
      await atSettings(page);
      await openPart(page, "second-factor");
      await page.fill("#second-factor [name=password]", PASSWORD);
      await submit(page, "second-factor");
      await page.waitForSelector("#second-factor .qr");
      await page.fill("#second-factor [name=code]", TOTP_CODE);
      await submit(page, "second-factor-code");
      await page.waitForSelector("#second-factor .codes");
    },
  },
  consent: {
    show: async (page) => {
      page.server.clients.set(NOTES.id, NOTES);
      member(page);
      const { search } = await newFlow({ context: "", client_id: NOTES.id, redirect_uri: NOTES.redirect_uri });
      await signIn(page, EMAIL, { path: "/authorization" + search });
      await shows(page, "consent");
    },
  },
  "another-device": { wide: true, show: goTo("/connect_another_device", "connect") },
  pair: { show: goTo("/pair", "pair") },
  deleted: {
    show: async (page) => {
      await atSettings(page);
      await openPart(page, "delete");
      await page.fill("#delete [name=password]", PASSWORD);
      await page.check("#delete [name=understood]");
      await submit(page, "delete");
      await shows(page, "deleted");
    },
  },
  "signed-out": {
    show: async (page) => {
      await atSettings(page);
      await page.click(".state > button");
      await shows(page, "signed-out");
    },
  },
  failed: {
    show: async (page) => {
      page.server.instead.set("GET /account/registration", [503, { code: 503, errno: 201, error: "Unavailable", message: "not now" }]);
      await goTo("/", "failed")(page);
    },
  },
  nothing: { show: goTo("/no/such/page", "nothing") },
};
