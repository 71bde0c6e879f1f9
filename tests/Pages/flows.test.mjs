import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { newFlow, noFaults, openPage, startChromium } from "./browser.mjs";
import { startFake, SYNC, TOTP_CODE } from "./fake-server.mjs";
import { openPart, PASSWORD, problem, shows, signIn, signUp, submit, told, typeSignIn } from "./person.mjs";

let browser;
let server;
let page;

before(async () => (browser = await startChromium()));
after(() => browser.close());
beforeEach(async () => (server = await startFake()));
afterEach(async () => {
  const { faults } = page;
  await page.context().close();
  await server.stop();
  assert.deepEqual(faults, []);
});

async function open(dialect, options) {
  page = await openPage(browser, options, dialect);
  page.server = server;
  return page;
}

const ADA = "ada@example.org";

/** The key that Firefox gets, read with Firefox's half. */
async function keysFor({ pair }) {
  const body = server.requests.findLast(({ line }) => line === "POST /auth/v1/oauth/authorization").body;
  const [header, , iv, text, tag] = JSON.parse(body).keys_jwe.split(".");
  const { epk } = JSON.parse(Buffer.from(header, "base64url"));
  const theirs = await crypto.subtle.importKey("jwk", epk, { name: "ECDH", namedCurve: "P-256" }, false, []);
  const agreed = Buffer.from(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, pair.privateKey, 256));
  const info = Buffer.concat([Buffer.from([0, 0, 0, 1]), agreed, Buffer.from([0, 0, 0, 7]), Buffer.from("A256GCM"), Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])]);
  const key = await crypto.subtle.importKey("raw", await crypto.subtle.digest("SHA-256", info), "AES-GCM", false, ["decrypt"]);
  const sealed = Buffer.concat([Buffer.from(text, "base64url"), Buffer.from(tag, "base64url")]);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: Buffer.from(iv, "base64url"), additionalData: Buffer.from(header) }, key, sealed);
  return JSON.parse(Buffer.from(plain))[SYNC];
}

/** Somebody who has an account already. That people can make one is tested by itself. */
const member = () => server.addMember(ADA, PASSWORD);

test("SignUp_InFirefox_GivesItSessionChoiceAndKey", async () => {
  await open({ kind: "desktop" });
  const flow = await newFlow();
  await page.goto(server.address + "/signup" + flow.search);
  await shows(page, "join");
  await page.uncheck("[name=sync-history]");
  await page.fill("[name=email]", ADA);
  await page.fill("[name=password]", PASSWORD);
  await page.fill("[name=repeated]", PASSWORD);
  await submit(page, "sign-up");
  await shows(page, "connected");

  const account = server.account(ADA);
  const [login] = await told(page, "fxaccounts:login");
  assert.deepEqual(Object.keys(login).sort(), ["email", "services", "sessionToken", "uid", "verified"]);
  assert.equal(login.uid, account.uid);
  assert.deepEqual(login.services.sync.declinedEngines, ["history"]);
  assert.ok(login.services.sync.offeredEngines.includes("history"));
  const [done] = await told(page, "fxaccounts:oauth_login");
  assert.deepEqual(Object.keys(done).sort(), ["action", "code", "redirect", "state"]);
  assert.equal(done.state, flow.flow.state);
  const key = await keysFor(flow);
  assert.match(key.kid, new RegExp(`^${account.created}-[\\w-]{22}$`));
  assert.equal(Buffer.from(key.k, "base64url").length, 64);
});

test("SignIn_OnASecondFirefox_GivesTheSameKey_AndChangesNoChoice", async () => {
  await open({ kind: "desktop" });
  const [first, second] = [await newFlow(), await newFlow()];
  await signUp(page, ADA, { path: "/signup" + first.search });
  await shows(page, "connected");
  const key = await keysFor(first);
  await page.context().close();

  await open({ kind: "desktop" });
  await signIn(page, ADA, { path: "/" + second.search });
  await shows(page, "connected");

  assert.deepEqual(await keysFor(second), key);
  assert.deepEqual((await told(page, "fxaccounts:login"))[0].services, { sync: {} });
});

test("SignIn_OfSomebodyNew_LeadsToAnAccount_WhereTheyMayMakeOne", async () => {
  await open({ kind: "desktop" });
  const flow = await newFlow();
  await signIn(page, ADA, { path: "/" + flow.search });
  await shows(page, "join");
  assert.equal(await page.inputValue("[name=password]"), PASSWORD);
  await page.fill("[name=repeated]", PASSWORD);
  await submit(page, "sign-up");
  await shows(page, "connected");
  assert.ok(server.account(ADA));
});

test("SignIn_WithAWrongPassword_WhereNobodyMayMakeAnAccount_SaysSo", async () => {
  server.registration = { ...server.registration, registration: "closed", mayRegister: false };
  await open();
  await signIn(page, ADA);
  assert.match(await problem(page), /No account here has this address and this password/);
  assert.equal(await page.locator("text=Create an account").count(), 0);
});

test("SignIn_ThatIsNewToTheServer_ButIsNot_SaysThatThePasswordIsAnother", async () => {
  member();
  await open();
  await signIn(page, ADA, { password: "not the password" });
  await shows(page, "join");
  await page.fill("[name=repeated]", "not the password");
  await submit(page, "sign-up");
  assert.match(await problem(page), /its password is another one/);
});

test("SignUp_WhatCannotBe_IsSaidAtItsField_AndNothingIsSent", async () => {
  await open();
  await page.goto(server.address + "/signup");
  await shows(page, "join");
  await page.fill("[name=email]", "ada");
  await page.fill("[name=password]", "short");
  await submit(page, "sign-up");

  const wrong = await page.$$eval("[aria-invalid=true]", (inputs) => inputs.map(({ name }) => name));
  assert.deepEqual(wrong, ["email", "password", "repeated"]);
  assert.equal(await page.evaluate(() => document.activeElement.name), "email");
  await page.fill("[name=email]", ADA);
  await page.fill("[name=password]", PASSWORD);
  await page.fill("[name=repeated]", "another one then");
  await submit(page, "sign-up");
  assert.match(await problem(page), /differ/);
  assert.equal(server.requests.filter(({ line }) => line.startsWith("POST")).length, 0);
});

test("SignUp_ByInvitation_TakesItsCode", async () => {
  server.registration = { ...server.registration, registration: "invitation", mayRegister: false, invitations: true };
  await open();
  await page.goto(server.address + "/signup#invitation=welcome");
  await shows(page, "join");
  await page.fill("[name=email]", ADA);
  await page.fill("[name=password]", PASSWORD);
  await page.fill("[name=repeated]", PASSWORD);
  await submit(page, "sign-up");
  await shows(page, "settings");
});

test("SignUp_WhereItIsClosed_SaysWhomToAsk", async () => {
  server.registration = { ...server.registration, registration: "closed", mayRegister: false };
  await open();
  await page.goto(server.address + "/signup");
  await shows(page, "closed");
});

test("MailedCode_IsAskedFor_BeforeFirefoxHearsAnything", async () => {
  server.verifies = true;
  await open({ kind: "desktop" });
  await signUp(page, ADA, { path: "/signup" + (await newFlow()).search });
  await shows(page, "confirm");
  assert.deepEqual(await told(page, "fxaccounts:login"), []);
  await page.fill("[name=code]", "00000000");
  await submit(page, "confirm");
  assert.match(await problem(page), /wrong/);
  await submit(page, "again");
  await page.waitForSelector("text=Another code was sent");
  const { code } = server.mails.at(-1);
  await page.fill("[name=code]", `${code.slice(0, 4)} ${code.slice(4)}`);
  await submit(page, "confirm");
  await shows(page, "connected");
});

test("SecondFactor_IsSetUp_AskedFor_AndItsRecoveryCodeWorksOnce", async () => {
  await open();
  await signUp(page, ADA);
  await shows(page, "settings");
  await openPart(page, "second-factor");
  await page.fill("#second-factor [name=password]", PASSWORD);
  await submit(page, "second-factor");
  await page.waitForSelector("#second-factor .qr");
  await page.fill("#second-factor [name=code]", "000000");
  await submit(page, "second-factor-code");
  assert.match(await problem(page), /wrong/);
  await page.fill("#second-factor [name=code]", TOTP_CODE);
  await submit(page, "second-factor-code");
  await page.waitForSelector("#second-factor .codes");
  const [code] = await page.locator("#second-factor .codes li").allInnerTexts();
  await page.click("#second-factor button.primary");
  await page.waitForSelector("#second-factor >> text=Recovery codes left: 8");
  await page.context().close();

  await open({ kind: "desktop" });
  await signIn(page, ADA, { path: "/" + (await newFlow()).search });
  await shows(page, "factor");
  assert.deepEqual(await told(page, "fxaccounts:login"), []);
  await page.fill("[name=code]", TOTP_CODE);
  await submit(page, "factor");
  await shows(page, "connected");
  await page.context().close();

  await open();
  await signIn(page, ADA);
  await shows(page, "factor");
  await page.click("text=I do not have the app at hand");
  await shows(page, "recovery-code");
  await page.fill("[name=code]", code);
  await submit(page, "recovery-code");
  await shows(page, "settings");
  assert.ok(!server.account(ADA).totp.codes.includes(code));
});

for (const kind of ["android", "ios"]) {
  test(`SignUp_InFirefoxOn_${kind}_SpeaksItsDialect`, async () => {
    await open({ kind });
    const flow = await newFlow({ client_id: kind === "ios" ? "1b1a3e44c54fbb58" : "a2270f727f45f648" });
    await page.goto(server.address + "/authorization" + flow.search);
    await shows(page, "enter");
    await page.click("text=Create an account");
    await shows(page, "join");
    await page.waitForSelector("[name=sync-tabs]");
    await page.uncheck("[name=sync-tabs]");
    await page.fill("[name=email]", ADA);
    await page.fill("[name=password]", PASSWORD);
    await page.fill("[name=repeated]", PASSWORD);
    await submit(page, "sign-up");
    await shows(page, "connected");

    const commands = await page.evaluate(() => window.told.map(({ command }) => command));
    assert.deepEqual(commands, ["fxaccounts:fxa_status", "fxaccounts:can_link_account", "fxaccounts:login", "fxaccounts:oauth_login"]);
    const [login] = await told(page, "fxaccounts:login");
    assert.deepEqual(Object.keys(login).sort(), ["email", "sessionToken", "uid", "verified"]);
    const [done] = await told(page, "fxaccounts:oauth_login");
    assert.equal(done.action, "signup");
    assert.deepEqual(done.declinedSyncEngines, ["tabs"]);
    assert.equal((await keysFor(flow)).kty, "oct");
    // The session was told before the code was asked for.
    assert.ok(server.requests.some(({ line }) => line === "POST /auth/v1/oauth/authorization"));
  });

  test(`SignIn_AtForceAuthOn_${kind}_KeepsTheAddress_AndMakesNoChoice`, async () => {
    member();
    await open({ kind });
    const flow = await newFlow({ email: ADA });
    await page.goto(server.address + "/oauth/force_auth" + flow.search);
    await shows(page, "enter");
    assert.equal(await page.inputValue("[name=email]"), ADA);
    assert.equal(await page.isEditable("[name=email]"), false);
    await typeSignIn(page, ADA);
    await shows(page, "connected");
    const [done] = await told(page, "fxaccounts:oauth_login");
    assert.equal(done.action, "signin");
    assert.equal("declinedSyncEngines" in done, false);
  });
}

test("AnotherBrowser_IsNotAsked_AndSoNotWaitedFor", async () => {
  await open();
  await page.addInitScript(() => window.addEventListener("WebChannelMessageToChrome", () => (window.asked = true)));
  await signUp(page, ADA);
  await shows(page, "settings");
  assert.equal(await page.evaluate(() => window.asked), undefined);
});

test("Firefox_ThatDoesNotAnswer_IsSaid", async () => {
  await open();
  await page.goto(server.address + "/" + (await newFlow()).search);
  await shows(page, "enter");
  await page.waitForSelector("text=Firefox does not answer this page", { timeout: 10_000 });
  member();
  await typeSignIn(page, ADA);
  assert.match(await problem(page), /Firefox does not answer/);
  assert.ok(server.requests.some(({ line }) => line === "POST /auth/v1/session/destroy"));
});

test("Firefox_ThatDoesNotTakeTheAccount_HearsNoMore_AndTheSessionEnds", async () => {
  member();
  await open({ kind: "desktop", refuses: true });
  await signIn(page, ADA, { path: "/" + (await newFlow()).search });
  assert.match(await problem(page), /did not take this account/);
  assert.deepEqual(await told(page, "fxaccounts:login"), []);
  assert.ok(server.requests.some(({ line }) => line === "POST /auth/v1/session/destroy"));
});

test("Firefox_ThatWasRestartedSinceThePageWasOpened_GetsANewFlow", async () => {
  member();
  await open({ kind: "desktop", active: false });
  const [old, fresh] = [await newFlow(), await newFlow({ state: "bmV3c3RhdGVuZXdzdGF0ZQ" })];
  await page.goto(server.address + "/" + old.search);
  await page.evaluate((flow) => sessionStorage.setItem("flow", JSON.stringify(flow)), fresh.flow);
  await typeSignIn(page, ADA);
  await shows(page, "connected");
  assert.equal((await told(page, "fxaccounts:oauth_login"))[0].state, fresh.flow.state);
  assert.equal((await keysFor(fresh)).kty, "oct");
});

test("Firefox_OpenedByHand_IsSignedInAllTheSame", async () => {
  member();
  await open({ kind: "desktop" });
  const fresh = await newFlow();
  await page.goto(server.address + "/signin");
  await shows(page, "enter");
  await page.evaluate((flow) => sessionStorage.setItem("flow", JSON.stringify(flow)), fresh.flow);
  await typeSignIn(page, ADA);
  await shows(page, "connected");
  assert.deepEqual(await told(page, "fxaccounts:oauth_flow_begin"), [{ scopes: ["profile", SYNC] }]);
});

test("Settings_InAFirefoxThatIsSignedIn_NeedNoPassword", async () => {
  const { uid } = member();
  await open({ kind: "desktop", user: { email: ADA, uid, sessionToken: server.newSession(ADA), verified: true } });
  await page.goto(server.address + "/settings?context=fx_desktop_v3&entrypoint=menu");
  await shows(page, "settings");
  await page.waitForSelector("#clients .badge");
  await page.click("#clients li:first-child button");
  await shows(page, "signed-out");
  assert.deepEqual(await told(page, "fxaccounts:logout"), [{ uid }]);
});

test("Settings_InAFirefoxWhoseSessionHasEnded_AskForThePassword", async () => {
  const { uid } = member();
  await open({ kind: "desktop", user: { email: ADA, uid, sessionToken: "0".repeat(64), verified: true } });
  await page.goto(server.address + "/settings/clients");
  await shows(page, "enter");
  assert.equal(await page.inputValue("[name=email]"), ADA);
});

test("Client_IsSignedOut_ByItsOwnButton", async () => {
  member();
  await open();
  await signIn(page, ADA);
  await shows(page, "settings");
  await page.waitForSelector("#clients li:nth-child(2)");
  assert.equal(await page.locator("#clients li:first-child .badge").innerText(), "This one");
  await page.click("#clients li:nth-child(2) button");
  await page.waitForFunction(() => document.querySelectorAll("#clients li").length === 1);
  assert.equal(await page.evaluate(() => document.activeElement.id), "clients-title");
});

test("Password_Changed_KeepsTheKey", async () => {
  await open({ kind: "desktop" });
  const [first, second] = [await newFlow(), await newFlow()];
  await signUp(page, ADA, { path: "/signup" + first.search });
  await shows(page, "connected");
  const key = await keysFor(first);
  await page.click("text=Make a recovery key");
  await shows(page, "settings");
  const before = { ...server.account(ADA) };
  await openPart(page, "password");
  await page.fill("#password [name=old]", "not the password");
  await page.fill("#password [name=password]", "another good password");
  await page.fill("#password [name=repeated]", "another good password");
  await submit(page, "change-password");
  await page.waitForSelector("#password [name=old][aria-invalid=true]");
  await page.fill("#password [name=old]", PASSWORD);
  await submit(page, "change-password");
  await page.waitForSelector("text=Your password is changed");
  const account = server.account(ADA);
  assert.notEqual(account.clientSalt, before.clientSalt);
  assert.notEqual(account.wrapKb, before.wrapKb);
  assert.equal((await told(page, "fxaccounts:change_password"))[0].uid, account.uid);
  await page.context().close();

  await open({ kind: "desktop" });
  await signIn(page, ADA, { password: "another good password", path: "/" + second.search });
  await shows(page, "connected");
  assert.deepEqual(await keysFor(second), key);
});

test("RecoveryKey_IsMade_AndSetsANewPasswordThatKeepsTheKey", async () => {
  await open({ kind: "desktop" });
  const [first, second] = [await newFlow(), await newFlow()];
  await signUp(page, ADA, { path: "/signup" + first.search });
  await shows(page, "connected");
  const key = await keysFor(first);
  await page.click("text=Make a recovery key");
  await shows(page, "settings");
  await openPart(page, "recovery-key");
  await page.fill("#recovery-key [name=password]", PASSWORD);
  await submit(page, "recovery-key");
  const shown = await page.innerText("#recovery-key .once");
  assert.match(shown, /^(\w{4} ){7}\w{4}$/);
  assert.ok(server.requests.every(({ body }) => !body.includes(shown.replaceAll(" ", ""))));
  await page.context().close();

  await open({ kind: "desktop" });
  await page.goto(server.address + "/reset_password" + second.search);
  await shows(page, "forgot");
  await page.click("text=I have a recovery key");
  await shows(page, "recover");
  await page.fill("[name=email]", ADA);
  await page.fill("[name=key]", "ABCD");
  await submit(page, "recover");
  assert.match(await problem(page), /32 letters/);
  await page.fill("[name=key]", "0".repeat(32));
  await submit(page, "recover");
  assert.match(await problem(page), /does not fit/);
  await page.fill("[name=key]", shown.toLowerCase());
  await submit(page, "recover");
  await shows(page, "reset");
  assert.match(await page.innerText(".note.good"), /Your data stays/);
  await page.fill("[name=password]", "another good password");
  await page.fill("[name=repeated]", "another good password");
  await submit(page, "reset");
  await shows(page, "connected");
  assert.deepEqual(await keysFor(second), key);
});

test("MailedReset_SaysBeforeThatDataIsGone_AndMakesAnotherKey", async () => {
  member();
  const { wrapKb } = server.account(ADA);
  await open();
  await page.goto(server.address + "/reset_password");
  await shows(page, "forgot");
  assert.match(await page.innerText(".danger-note"), /will be gone for good/);
  await page.fill("[name=email]", ADA);
  await submit(page, "forgot");
  await shows(page, "reset-code");
  await page.fill("[name=code]", server.mails.at(-1).code);
  await submit(page, "reset-code");
  await shows(page, "reset");
  assert.match(await page.innerText(".danger-note"), /will be deleted/);
  await page.fill("[name=password]", "another good password");
  await page.fill("[name=repeated]", "another good password");
  await submit(page, "reset");
  assert.match(await problem(page), /Tick the box/);
  assert.equal(server.account(ADA).wrapKb, wrapKb);
  await page.check("[name=understood]");
  await submit(page, "reset");
  await shows(page, "settings");
  assert.notEqual(server.account(ADA).wrapKb, wrapKb);
});

test("LinkOfTheOperator_WorksOnce_AndLeavesTheAddress", async () => {
  member();
  await open();
  const link = server.linkFor(ADA);
  await page.goto(link);
  await shows(page, "reset-link");
  assert.equal(page.url().includes("link="), false);
  await submit(page, "link");
  await shows(page, "reset");
  await page.context().close();

  await open();
  await page.goto(link);
  await shows(page, "reset-link");
  await submit(page, "link");
  assert.match(await problem(page), /used already/);
  const token = link.split("=")[1];
  assert.ok(server.requests.every(({ line, headers }) => !line.includes(token) && !JSON.stringify(headers).includes(token)));
});

test("AppPassword_IsShownOnce_Listed_AndDeleted", async () => {
  await open();
  await signUp(page, ADA);
  await shows(page, "settings");
  await openPart(page, "app-passwords");
  await page.fill("#app-passwords [name=name]", "Notes on the tablet");
  await page.fill("#app-passwords [name=password]", PASSWORD);
  await submit(page, "app-password");
  assert.match(await page.innerText("#app-passwords .once"), /^7K3M/);
  await page.click("#app-passwords button.primary");
  await page.waitForSelector("#app-passwords li >> text=Notes on the tablet");
  assert.equal(await page.locator("text=7K3M").count(), 0);
  await page.click("#app-passwords li button");
  await page.waitForFunction(() => document.querySelectorAll("#app-passwords li").length === 0);
});

test("Export_AsksForThePassword_AndGivesALink", async () => {
  await open();
  await signUp(page, ADA);
  await shows(page, "settings");
  await openPart(page, "export");
  await page.fill("#export [name=password]", "not the password");
  await submit(page, "export");
  assert.match(await problem(page), /not your password/);
  await page.fill("#export [name=password]", PASSWORD);
  await submit(page, "export");
  assert.match(await page.getAttribute("#export a", "href"), /\/auth\/v1\/account\/export\/[0-9a-f]{64}$/);
});

test("Account_IsDeleted_AfterThePasswordAndTheTick", async () => {
  await open({ kind: "desktop" });
  await signUp(page, ADA, { path: "/signup" + (await newFlow()).search });
  await shows(page, "connected");
  await page.click("text=Make a recovery key");
  await shows(page, "settings");
  const { uid } = server.account(ADA);
  await openPart(page, "delete");
  await page.fill("#delete [name=password]", PASSWORD);
  await submit(page, "delete");
  assert.match(await problem(page), /Tick the box/);
  assert.ok(server.account(ADA));
  await page.check("#delete [name=understood]");
  await submit(page, "delete");
  await shows(page, "deleted");
  assert.equal(server.account(ADA), undefined);
  assert.deepEqual(await told(page, "fxaccounts:delete"), [{ uid }]);
});

// :: Other apps
const NOTES = { id: "0123456789abcdef", name: "Notes", trusted: false, redirect_uri: "https://notes.example/back", scope: [SYNC, "profile"], consent: true };
const askNotes = (extra) => newFlow({ context: "", client_id: NOTES.id, redirect_uri: NOTES.redirect_uri, ...extra });

async function atConsent(client, flow) {
  server.clients.set(client.id, client);
  member();
  await open();
  await page.route("https://notes.example/**", (route) => route.fulfill({ contentType: "text/plain", body: "back" }));
  await signIn(page, ADA, { path: "/authorization" + flow.search });
}

test("Consent_NamesTheAppAndWhatItGets_AndGivesTheCode", async () => {
  const flow = await askNotes();
  await atConsent(NOTES, flow);
  await shows(page, "consent");
  assert.match(await page.innerText("h1"), /Notes wants to use your account/);
  assert.match(await page.innerText("[data-view=consent]"), /notes\.example[\s\S]*saved passwords[\s\S]*email address/);
  assert.equal(server.requests.some(({ line }) => line === "POST /auth/v1/oauth/authorization"), false);
  await submit(page, "consent");
  await page.waitForURL(/^https:\/\/notes\.example\/back\?code=c0de&state=/);
  assert.equal((await keysFor(flow)).kty, "oct");
});

test("Consent_Denied_GivesNothing", async () => {
  await atConsent(NOTES, await askNotes());
  await shows(page, "consent");
  await page.click("text=Do not allow");
  await page.waitForURL(/error=access_denied/);
  assert.equal(server.requests.some(({ line }) => line === "POST /auth/v1/oauth/authorization"), false);
});

for (const address of ["javascript:alert(1)", "data:text/html,hello"]) {
  test(`Consent_RedirectTo_${address.split(":")[0]}_IsNotFollowed`, async () => {
    await atConsent({ ...NOTES, redirect_uri: address, consent: true }, await askNotes());
    await shows(page, "consent");
    await submit(page, "consent");
    assert.match(await problem(page), /a place that this server does not know/);
    assert.equal(new URL(page.url()).origin, server.address);
  });
}

test("Client_ThatIsNotKnown_IsSaid", async () => {
  member();
  await open();
  await signIn(page, ADA, { path: "/authorization" + (await askNotes()).search });
  assert.match(await problem(page), /does not know the app/);
});

// :: The server says no
test("TooManyTries_SaysHowLongToWait", async () => {
  await open();
  server.instead.set("POST /account/login", [429, { code: 429, errno: 114, error: "Too Many Requests", message: "too many", retryAfter: 540 }]);
  await signIn(page, ADA);
  assert.match(await problem(page), /Wait 9 minutes/);
});

test("Server_ThatIsGone_IsSaid_AndNothingIsLost", async () => {
  await open();
  await page.goto(server.address + "/signin");
  await shows(page, "enter");
  await page.route("**/auth/v1/**", (route) => route.abort());
  await typeSignIn(page, ADA);
  assert.match(await problem(page), /cannot be reached/);
  assert.equal(await page.inputValue("[name=email]"), ADA);
  page.faults.splice(0);
});

test("Server_ThatIsGoneFromTheBegin_GivesAPageThatSaysWhatToDo", async () => {
  await open();
  server.instead.set("GET /account/registration", [503, { code: 503, errno: 201, error: "Unavailable", message: "not now" }]);
  await page.goto(server.address + "/");
  await shows(page, "failed");
  await page.click("button.primary");
  await shows(page, "enter");
});
