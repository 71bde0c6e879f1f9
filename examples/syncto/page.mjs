import { openFirefoxData } from "./firefox-data.mjs";
import { keep, take } from "./pending.mjs";
import { beginSignIn, finishSignIn } from "./sign-in.mjs";

/** As the server's settings name this page. */
const CLIENT = "bookmarks";

// Of the script that index.html loads.
const Kinto = globalThis.Kinto.default;
const form = document.getElementById("sign-in");
const status = document.getElementById("status");
const list = document.getElementById("bookmarks");
let bookmarks;

// :: To the server's page, and back
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { server } = Object.fromEntries(new FormData(form));
  run("Going to the server…", async () => {
    const { url, pending } = await beginSignIn({ server, client: CLIENT, redirect: location.origin + location.pathname });
    await keep(pending);
    location.assign(url);
  });
});

const answer = new URLSearchParams(location.search);
if (answer.has("state")) {
  // The code is good once. It is not to stay in the address for that.
  history.replaceState(null, "", location.pathname);
  run("Opening…", async () => {
    const pending = await take(answer.get("state"));
    if (!pending) {
      throw new Error("This sign-in was not begun here, or is over. Begin it again.");
    }

    await open(await finishSignIn(pending, answer));
  });
}

// :: The bookmarks
/** Token and key stay in this page: neither is stored, and the key is not sent anywhere. */
async function open({ server, token, key }) {
  const data = await openFirefoxData({ server, token, key });
  bookmarks = new Kinto(data.client).collection("bookmarks", await data.collection("bookmarks"));
  await sync();
  form.hidden = true;
}

async function sync() {
  const { ok, conflicts, errors } = await bookmarks.sync({ strategy: Kinto.syncStrategy.SERVER_WINS });
  const { data } = await bookmarks.list({ order: "title" });
  list.replaceChildren(...data.filter((record) => record.type === "bookmark").map(entry));
  if (!ok) {
    throw new Error(`Not all was written: ${JSON.stringify([...conflicts, ...errors])}`);
  }
}

/** A bookmark whose title can be changed. */
function entry(bookmark) {
  const title = document.createElement("input");
  title.value = bookmark.title ?? "";
  title.ariaLabel = `Title of ${bookmark.bmkUri}`;
  title.addEventListener("change", () =>
    run("Saving…", async () => {
      await bookmarks.update({ id: bookmark.id, title: title.value }, { patch: true });
      await sync();
    }),
  );
  const item = document.createElement("li");
  item.append(title, document.createTextNode(bookmark.bmkUri));
  return item;
}

async function run(message, work) {
  status.textContent = message;
  try {
    await work();
    if (bookmarks) {
      status.textContent = `${list.childElementCount} bookmarks.`;
    }
  } catch (error) {
    status.textContent = error.message;
  }
}
