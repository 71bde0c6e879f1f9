// What a sign-in needs once its person has come back: the browser keeps it until then. IndexedDB takes a key that this page itself cannot
// export, which no other storage of a page does.

const STORE = "pending";

/** Keeps one sign-in, and none that was begun before it. */
export const keep = (pending) =>
  inStore((store) => {
    store.clear();
    return store.put(pending);
  });

/** Takes it out again. Undefined where there is none of that state. */
export const take = (state) =>
  inStore((store) => {
    const found = store.get(state);
    store.clear();
    return found;
  });

async function inStore(work) {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open("sign-in", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "state" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite");
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}
