// Every page of the console in every state that is worth looking at. For the pictures in the docs, and for what has to hold of all of them.
import { shows, submit } from "./person.mjs";

export const PASSWORD = "s3cr3t";

/** Of each user, so that the pages have something to draw. */
export const QUOTAS = { "buckets:quotas:user-bytes": 2_000, "buckets:quotas:user-records": 100 };

/** An account that nobody else has, with something stored in it. */
export async function member(server) {
  const user = await server.register();
  const put = async (path, data) => {
    const { status, body } = await server.request(user, "PUT", path, { body: { data } });
    if (status > 201) {
      throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    }
  };
  for (const [id, title, done] of [["bread", "Bread", true], ["milk", "Milk and Grüße", false], ["tea", "Tea", false]]) {
    await put(`/buckets/default/collections/shopping/records/${id}`, { title, done, tags: ["kitchen"] });
  }
  await put("/buckets/default/collections/notes/records/first", { text: "Notes of the first day" });
  await put(`/buckets/club-${user.name}`, { name: "Club", description: "Shared with the others" });
  return user;
}

export async function signIn(page, user, path = "/admin/") {
  await page.goto(page.server.address + path);
  await shows(page, "sign-in");
  await page.fill("[name=account]", user.name);
  await page.fill("[name=password]", user.password);
  await submit(page, "sign-in");
}

/** The secret of a link that makes an administrator, as whoever runs the server gets one. */
export async function newLink(server) {
  const said = await server.command("administrator", "link");
  return said.match(/#link=(\S+)/)[1];
}

/** The server's administrator, made once. */
async function administrator(server) {
  const user = { name: "chief", password: PASSWORD };
  const response = await fetch(`${server.address}/admin/api/first-administrator`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Lockstep-Console": "1" },
    body: JSON.stringify({ link: await newLink(server), account: user.name, password: user.password }),
  });
  if (!response.ok) {
    throw new Error(`first-administrator: ${response.status}`);
  }

  return user;
}

const at = (path, view) => async (page) => {
  await signIn(page, await member(page.server), path);
  await shows(page, view);
};

/** By name; in the order of the docs. */
export const CONSOLE = {
  "console-welcome": {
    wide: true,
    show: async (page) => {
      await page.goto(`${page.server.address}/`);
      await shows(page, "welcome");
    },
  },
  "console-sign-in": {
    show: async (page) => {
      await page.goto(`${page.server.address}/admin/`);
      await shows(page, "sign-in");
    },
  },
  "console-sign-in-wrong": {
    show: async (page) => {
      await signIn(page, { name: "ada", password: "not my password" });
      await page.waitForSelector(".wrong:not(:empty)");
    },
  },
  "console-overview": {
    wide: true,
    show: async (page) => {
      await at("/admin/", "overview")(page);
      await page.waitForSelector("#buckets tbody tr");
    },
  },
  "console-bucket": {
    wide: true,
    show: async (page) => {
      await at("/admin/bucket?bucket=default", "bucket")(page);
      await page.waitForSelector("#collections tbody tr");
    },
  },
  "console-collection": {
    wide: true,
    show: async (page) => {
      await at("/admin/collection?bucket=default&collection=shopping", "collection")(page);
      await page.waitForSelector("#records tbody tr");
    },
  },
  "console-record": {
    wide: true,
    show: async (page) => {
      await at("/admin/record?bucket=default&collection=shopping&record=milk", "record")(page);
      await page.click("#delete button");
      await page.waitForSelector("form[name=delete]");
    },
  },
  "console-account": { wide: true, show: at("/admin/account", "account") },
  "console-account-delete": {
    show: async (page) => {
      await at("/admin/account", "account")(page);
      await page.click("#password button");
      await page.click("#delete button");
      await page.waitForSelector("form[name=delete-account]");
    },
  },
  "console-first": {
    show: async (page) => {
      await page.goto(`${page.server.address}/admin/first#link=${await newLink(page.server)}`);
      await shows(page, "first");
      await page.waitForSelector("form[name=first]");
    },
  },
  "console-first-no-link": {
    show: async (page) => {
      await page.goto(`${page.server.address}/admin/first`);
      await shows(page, "first");
    },
  },
  "console-invitations": {
    wide: true,
    show: async (page) => {
      await signIn(page, await administrator(page.server), "/admin/accounts");
      await shows(page, "accounts");
      await page.waitForSelector("#accounts tbody tr");
      await page.click("#invitations button");
      await page.fill("#invitations [name=account]", "grace");
      await page.fill("#invitations [name=note]", "Grace, of the club");
      await page.click("form[name=invite] button[type=submit]");
      await page.waitForSelector("#invitations tbody tr");
    },
  },
  "console-invitation": {
    show: async (page) => {
      const said = await page.server.command("account", "invite", "--name", "ada");
      await page.goto(`${page.server.address}/admin/invitation${said.match(/#invitation=\S+/)[0]}`);
      await shows(page, "invitation");
      await page.waitForSelector("form[name=invitation]");
    },
  },
  "console-nothing": { show: at("/admin/record?bucket=default&collection=shopping&record=none", "failed") },
};
