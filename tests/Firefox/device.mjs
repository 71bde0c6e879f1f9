import { startFirefox } from "./firefox.mjs";
import { Asked } from "./marionette.mjs";

/**
 * A Firefox with a profile of its own. What its methods call in Firefox is Firefox's own code, by which its windows do the same.
 *
 * @param accounts From `startAccountServer`.
 */
export async function startDevice(accounts) {
  const device = new Device(await startFirefox(accounts.address));
  try {
    await device.prepare();
    return device;
  } catch (error) {
    await device.end();
    throw error;
  }
}

class Device {
  #firefox;

  constructor(firefox) {
    this.#firefox = firefox;
  }

  get #marionette() {
    return this.#firefox.marionette;
  }

  end() {
    return this.#firefox.end();
  }

  /** Starts again with the same profile, for another account server. */
  async restart(accounts) {
    this.#firefox = await this.#firefox.restart(accounts.address);
    await this.prepare();
  }

  /** Calls a function in Firefox, with `lib` as first argument. */
  #call(action, ...parameters) {
    return this.#marionette.call("chrome", `(...parameters) => (${action})(Services.wm.getMostRecentWindow("navigator:browser").lockstep, ...parameters)`, parameters);
  }

  prepare() {
    return this.#marionette.call("chrome", makeLibrary, []);
  }

  /**
   * Signs in through the page of the account server.
   *
   * @param {"create"|"login"} how
   * @returns What the first sync, which Firefox starts by itself, came to.
   */
  async signIn(how, { email, password }) {
    const url = await this.#call(async (lib) => {
      lib.firstSync = lib.nextSync();
      return lib.FxAccountsConfig.promiseConnectAccountURI("test");
    });
    await this.#marionette.navigate(url);
    await this.#marionette.call("content", (...parameters) => window.signIn(...parameters), [how, email, password]);
    return this.#call((lib) => lib.firstSync);
  }

  /** The same through the pages of the built server: types into their forms and sends them. Who is not known there makes an account. */
  async signInThroughPages({ email, password }) {
    const url = await this.#call(async (lib) => {
      lib.firstSync = lib.nextSync();
      return lib.FxAccountsConfig.promiseConnectAccountURI("test");
    });
    await this.#marionette.navigate(url);
    await this.#marionette.call("content", fillIn, [email, password]);
    return this.#call((lib) => lib.firstSync);
  }

  /** The same in a Firefox that has data of another account: it asks whether to merge them, and is told so. */
  async mergeThroughPages({ email, password }) {
    const url = await this.#call(async (lib) => {
      lib.firstSync = lib.nextSync();
      return lib.FxAccountsConfig.promiseConnectAccountURI("test");
    });
    await this.#marionette.navigate(url);
    await this.#marionette.call("content", fillIn, [email, password]).then(
      () => { throw new Error("Firefox did not ask."); },
      (error) => { if (!(error instanceof Asked)) throw error; },
    );
    await this.#marionette.agree();
    await this.#marionette.call("content", connected, []);
    return this.#call((lib) => lib.firstSync);
  }

  /** Changes the password on the server's page of settings, which this Firefox opens with its own session. */
  async changePasswordOnPages(address, from, to) {
    await this.#marionette.navigate(`${address}/settings`);
    await this.#marionette.call("content", fillInPassword, [from, to]);
  }

  /** Signs in through the page of the recovery key, with another password. */
  recoverThroughPages({ email, key, password }) {
    return this.#throughPages("/recovery_key", "", recover, email, key, password);
  }

  /** Signs in through a link that whoever runs the server has given, with another password and another key. */
  resetThroughPages({ link, password }) {
    return this.#throughPages("/reset_password", new URL(link, "http://any").hash, reset, password);
  }

  async #throughPages(path, hash, fill, ...parameters) {
    const url = new URL(await this.#call(async (lib) => {
      lib.firstSync = lib.nextSync();
      return lib.FxAccountsConfig.promiseConnectAccountURI("test");
    }));
    url.pathname = path;
    url.hash = hash;
    await this.#marionette.navigate(url.href);
    await this.#marionette.call("content", fill, parameters);
    return this.#call((lib) => lib.firstSync);
  }

  /** Makes a recovery key on the server's page of settings. */
  async makeRecoveryKeyOnPages(address, password) {
    await this.#marionette.navigate(`${address}/settings`);
    return this.#marionette.call("content", makeRecoveryKey, [password]);
  }

  /** Ends all devices but this one on the server's page of settings. */
  async endOthersOnPages(address) {
    await this.#marionette.navigate(`${address}/settings/clients`);
    await this.#marionette.call("content", endOthers, []);
  }

  /** Deletes the account on the server's page of settings, after which Firefox knows that nobody is signed in. */
  async deleteOnPages(address, password) {
    await this.#call((lib) => void (lib.signedOut = lib.notified("fxaccounts:onlogout")));
    await this.#marionette.navigate(`${address}/settings`);
    await this.#marionette.call("content", deleteAccount, [password]);
    await this.#call((lib) => lib.signedOut);
  }

  /** Signs in at examples/syncto in the tab, by the server's pages, and says what that lists then: `{ title, url }`. */
  async openExample(address, server, { email, password }) {
    await this.#marionette.navigate(address);
    await this.#leads(`${server}/authorization`, toServer, server);
    await this.#leads(`${address}/`, letIn, email, password);
    return this.#marionette.call("content", listed, []);
  }

  /** Renames one of these bookmarks there. */
  renameInExample(url, title) {
    return this.#marionette.call("content", renameListed, [url, title]);
  }

  /** Does something in the page that leads to another one, whose address begins so. */
  async #leads(prefix, action, ...parameters) {
    await this.#call((lib, prefix) => void (lib.arrival = lib.arrived(prefix)), prefix);
    await this.#marionette.call("content", action, parameters);
    await this.#call((lib) => lib.arrival);
  }

  /** Whether the account server takes the session of this Firefox, as it asks itself after a 401. */
  hasGoodSession() {
    return this.#call(async ({ fxAccounts }) => {
      await fxAccounts.checkAccountStatus();
      return (await fxAccounts.getSignedInUser()) !== null && (await fxAccounts.hasLocalSession());
    });
  }

  signOut() {
    return this.#call((lib) => lib.fxAccounts.signOut());
  }

  /** The account's id, the key of Sync, and the number of the store. */
  identity() {
    return this.#call(async (lib) => {
      const { uid } = await lib.fxAccounts.getSignedInUser();
      const { k, kid } = await lib.fxAccounts.keys.getKeyForScope("https://identity.mozilla.com/apps/oldsync");
      return { uid, k, kid, store: lib.Service.clusterURL };
    });
  }

  /** Syncs, after what is under way, and says what it came to: `{ outcome, errors, status }`. */
  sync() {
    return this.#call((lib) => lib.sync());
  }

  /** All that the server has for this user, asked with Firefox's own token: `{ collection: { modified, records } }`. */
  stored() {
    return this.#call(async ({ Service }) => {
      const get = async (url) => (await Service.resource(url).get()).obj;
      const stored = {};
      for (const [name, modified] of Object.entries(await get(Service.infoURL))) {
        stored[name] = { modified, records: await get(`${Service.storageURL}${name}?full=1`) };
      }

      return stored;
    });
  }

  /** The requests since the last call: `{ method, url, status }`. */
  requests() {
    return this.#call((lib) => lib.requests.splice(0));
  }

  /** Opens a page in the tab. */
  navigate(url) {
    return this.#marionette.navigate(url);
  }

  addBookmark(url, title) {
    return this.#call(async ({ bookmarks }, url, title) => void (await bookmarks.insert({ parentGuid: bookmarks.toolbarGuid, url, title })), url, title);
  }

  renameBookmark(url, title) {
    return this.#call(async ({ bookmarks }, url, title) => void (await bookmarks.update({ guid: (await bookmarks.fetch({ url })).guid, title })), url, title);
  }

  removeBookmark(url) {
    return this.#call(async ({ bookmarks }, url) => bookmarks.remove((await bookmarks.fetch({ url })).guid), url);
  }

  /** Its title, or null where there is no such bookmark. */
  bookmark(url) {
    return this.#call(async ({ bookmarks }, url) => (await bookmarks.fetch({ url }))?.title, url);
  }

  /** A folder of that title with bookmarks `${url}0`, `${url}1`, … */
  addFolder(title, url, count) {
    return this.#call(
      async ({ bookmarks }, title, url, count) => {
        const { guid } = await bookmarks.insert({ parentGuid: bookmarks.unfiledGuid, type: bookmarks.TYPE_FOLDER, title });
        const children = Array.from({ length: count }, (_, i) => ({ url: `${url}${i}`, title: `${title} ${i}` }));
        await bookmarks.insertTree({ guid, children });
      },
      title, url, count,
    );
  }

  /** The titles in the folder, in its order. */
  folder(title) {
    return this.#call(async ({ bookmarks, PlacesUtils }, title) => {
      const folder = (await PlacesUtils.promiseBookmarksTree(bookmarks.unfiledGuid)).children?.find((child) => child.title === title);
      return folder?.children.map((child) => child.title);
    }, title);
  }

  visit(url, title) {
    return this.#call(async ({ PlacesUtils: { history } }, url, title) => {
      await history.insert({ url, title, visits: [{ date: new Date(), transition: history.TRANSITIONS.TYPED }] });
    }, url, title);
  }

  /** The title of a page in the history and how often it was visited, or null. */
  visited(url) {
    return this.#call(async ({ PlacesUtils: { history } }, url) => {
      const page = await history.fetch(url, { includeVisits: true });
      return page && { title: page.title, visits: page.visits.length };
    }, url);
  }

  addPassword(origin, user, password) {
    return this.#call(async (lib, origin, user, password) => {
      const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
      login.init(origin, origin, null, user, password, "", "");
      await Services.logins.addLoginAsync(login);
    }, origin, user, password);
  }

  passwords(origin) {
    return this.#call(async (lib, origin) => {
      const logins = await Services.logins.searchLoginsAsync({ origin });
      return logins.map(({ username, password }) => ({ username, password }));
    }, origin);
  }

  /** The addresses of the tabs that other devices have open. */
  tabsElsewhere() {
    return this.#call(async ({ SyncedTabs }) => (await SyncedTabs.getTabClients()).flatMap(({ tabs }) => tabs.map(({ url }) => url)));
  }
}

/** Runs in Firefox, once: what the methods above use there, kept at the window. */
function makeLibrary() {
  const { Weave } = ChromeUtils.importESModule("resource://services-sync/main.sys.mjs");
  const { SyncedTabs } = ChromeUtils.importESModule("resource://services-sync/SyncedTabs.sys.mjs");
  const { FxAccountsConfig } = ChromeUtils.importESModule("resource://gre/modules/FxAccountsConfig.sys.mjs");
  const { getFxAccountsSingleton } = ChromeUtils.importESModule("resource://gre/modules/FxAccounts.sys.mjs");
  const { PlacesUtils } = ChromeUtils.importESModule("resource://gre/modules/PlacesUtils.sys.mjs");
  const { Service, Status } = Weave;
  const START = "weave:service:sync:start";
  const ENDS = ["weave:service:sync:finish", "weave:service:sync:error", "weave:service:login:error"];
  const MAX_TRIES = 10;
  const UNLOCKS = [...ENDS, "weave:service:login:finish"];

  /** Calls `take` with each such notification until it returns something, and returns that. */
  function observe(topics, take) {
    return new Promise((resolve) => {
      const observer = {
        observe(subject, topic, data) {
          const taken = take(topic, data);
          if (taken) {
            topics.forEach((each) => Services.obs.removeObserver(observer, each));
            resolve(taken);
          }
        },
      };
      topics.forEach((each) => Services.obs.addObserver(observer, each));
    });
  }

  /** What the next sync that starts comes to, or the next one of that reason. */
  function nextSync(why) {
    let started = false;
    const errors = [];
    return observe([START, ...ENDS, "weave:engine:sync:error"], (topic, data) => {
      if (topic === START) {
        started = !why || JSON.parse(data).why === why;
      } else if (topic === "weave:engine:sync:error") {
        started && errors.push(data);
      } else if (started || topic === "weave:service:login:error") {
        return { outcome: topic.replace("weave:service:", ""), errors, status: [Status.service, Status.sync].join() };
      }

      return undefined;
    });
  }

  /** The lock is released right after the notification. */
  async function unlocked() {
    while (Service.locked) {
      await observe(UNLOCKS, () => true);
      await new Promise((resolve) => Services.tm.dispatchToMainThread(resolve));
    }
  }

  let syncs = 0;
  async function sync() {
    const why = `test ${++syncs}`;
    const ended = nextSync(why);
    // One that Firefox itself starts in between takes its place.
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      await unlocked();
      await Service.sync({ why });
      const result = await Promise.race([ended, unlocked()]);
      if (result) {
        return result;
      }
    }

    throw new Error(`No sync started. ${[Status.service, Status.login, Status.sync]}`);
  }

  const requests = [];
  Services.obs.addObserver({
    observe(subject) {
      const channel = subject.QueryInterface(Ci.nsIHttpChannel);
      requests.push({ method: channel.requestMethod, url: channel.URI.spec, status: channel.responseStatus });
    },
  }, "http-on-examine-response");

  const notified = (topic) => new Promise((resolve) => {
    const observer = () => {
      Services.obs.removeObserver(observer, topic);
      resolve();
    };
    Services.obs.addObserver(observer, topic);
  });

  /** When the tab has loaded a page whose address begins so. */
  const arrived = (prefix) => new Promise((resolve) => {
    const { STATE_STOP, STATE_IS_WINDOW } = Ci.nsIWebProgressListener;
    const { gBrowser } = Services.wm.getMostRecentWindow("navigator:browser");
    const listener = {
      QueryInterface: ChromeUtils.generateQI(["nsIWebProgressListener", "nsISupportsWeakReference"]),
      onStateChange(progress, request, flags) {
        if (progress.isTopLevel && flags & STATE_STOP && flags & STATE_IS_WINDOW && gBrowser.currentURI.spec.startsWith(prefix)) {
          gBrowser.removeProgressListener(listener);
          resolve();
        }
      },
    };
    gBrowser.addProgressListener(listener);
  });

  const library = { arrived, notified, Service, SyncedTabs, FxAccountsConfig, PlacesUtils, bookmarks: PlacesUtils.bookmarks, fxAccounts: getFxAccountsSingleton(), nextSync, sync, requests };
  Services.wm.getMostRecentWindow("navigator:browser").lockstep = library;
}

/** When something is in the page, or a form says that something is wrong, which is thrown. Runs in the page, with the functions below. */
const HELP = `
  const appears = (...selectors) => new Promise((resolve, reject) => {
    const observer = new MutationObserver(look);
    function look() {
      const found = selectors.find((selector) => document.querySelector(selector));
      const wrong = document.querySelector(".problem:not(:empty), .wrong:not(:empty)");
      if (found || wrong) {
        observer.disconnect();
        found ? resolve(found) : reject(new Error(wrong.textContent));
      }
    }

    observer.observe(document, { childList: true, subtree: true });
    look();
  });
  const until = (isSo) => new Promise((resolve) => {
    const observer = new MutationObserver(look);
    function look() {
      if (isSo()) {
        observer.disconnect();
        resolve();
      }
    }

    observer.observe(document, { childList: true, subtree: true });
    look();
  });
  const send = (form, values) => {
    for (const [name, value] of Object.entries(values)) {
      form.querySelector('input[name="' + name + '"]').value = value;
    }

    form.querySelector("button[type=submit]").click();
  };`;

/** Fills the pages in, one after the other, until Firefox is signed in. */
const fillIn = `async (email, password) => {
  ${HELP}
  await appears('[data-view="enter"]');
  send(document.forms[0], { email, password });
  if ((await appears('[data-view="join"]', '[data-view="connected"]')).includes("join")) {
    send(document.forms[0], { repeated: password });
    await appears('[data-view="connected"]');
  }
}`;

const connected = `async () => {
  ${HELP}
  await appears('[data-view="connected"]');
}`;

/** From the page of examples/syncto to the server's. */
const toServer = `async (server) => {
  ${HELP}
  send(document.getElementById("sign-in"), { server });
}`;

/** Signs in there, and lets the page have what it asks for. */
const letIn = `async (email, password) => {
  ${HELP}
  await appears('[data-view="enter"]');
  send(document.forms[0], { email, password });
  await appears('[data-view="consent"]');
  send(document.forms[0], {});
}`;

/** What the page of examples/syncto says in the end. */
const SAID = `
  const said = async () => {
    const status = document.getElementById("status");
    await until(() => !status.textContent.endsWith("…"));
    if (!/^\\d+ bookmarks\\.$/.test(status.textContent)) {
      throw new Error(status.textContent);
    }
  };
  const rows = () => [...document.querySelectorAll("#bookmarks li")];`;

const listed = `async () => {
  ${HELP}
  ${SAID}
  await said();
  return rows().map((row) => ({ title: row.querySelector("input").value, url: row.lastChild.textContent }));
}`;

const renameListed = `async (url, title) => {
  ${HELP}
  ${SAID}
  const field = rows().find((row) => row.lastChild.textContent === url).querySelector("input");
  field.value = title;
  field.dispatchEvent(new Event("change"));
  await said();
}`;

const recover = `async (email, key, password) => {
  ${HELP}
  await appears('[data-view="recover"]');
  send(document.forms[0], { email, key });
  await appears('[data-view="reset"]');
  send(document.forms[0], { password, repeated: password });
  await appears('[data-view="connected"]');
}`;

const reset = `async (password) => {
  ${HELP}
  await appears('[data-view="reset-link"]');
  send(document.forms[0], {});
  await appears('[data-view="reset"]');
  document.querySelector("input[name=understood]").checked = true;
  send(document.forms[0], { password, repeated: password });
  await appears('[data-view="connected"]');
}`;

const makeRecoveryKey = `async (password) => {
  ${HELP}
  await appears("#recovery-key button[aria-expanded]");
  document.querySelector("#recovery-key button[aria-expanded]").click();
  send(document.querySelector("#recovery-key form"), { password });
  await appears("#recovery-key .once");
  return document.querySelector("#recovery-key .once").innerText;
}`;

const endOthers = `async () => {
  ${HELP}
  const others = () => [...document.querySelectorAll("#clients li")].filter((row) => !row.querySelector(".badge"));
  await appears("#clients li");
  for (let left = others(); left.length > 0; left = others()) {
    left[0].querySelector("button").click();
    await until(() => others().length < left.length);
  }
}`;

const deleteAccount = `async (password) => {
  ${HELP}
  await appears("#delete button");
  document.querySelector("#delete button").click();
  document.querySelector("#delete input[name=understood]").checked = true;
  send(document.querySelector("#delete form"), { password });
  await until(() => !document.querySelector("#delete"));
}`;

const fillInPassword = `async (old, password) => {
  ${HELP}
  await appears("#password button");
  document.querySelector("#password button").click();
  send(document.querySelector("#password form"), { old, password, repeated: password });
  await appears("#password .note.good");
}`;
