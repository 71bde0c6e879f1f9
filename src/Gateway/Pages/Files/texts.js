// What the page says, in the language of its reader. The language can change while the page is open: nothing that was typed is lost.

/** A text by its key, with values for the names in braces. */
export class Phrase {
  constructor(key, values = {}) {
    this.key = key;
    this.values = values;
  }

  toString() {
    const text = texts[this.key];
    if (text === undefined) {
      throw new Error(`There is no text '${this.key}'.`);
    }

    return text.replace(/\{(\w+)\}/g, (_, name) => `${this.values[name]}`);
  }
}

export const t = (key, values) => new Phrase(key, values);

const REMEMBERED = "language";
const root = document.documentElement;

/** Two letters each. */
export const languages = root.dataset.languages.split(" ");

let texts = {};
let followers = [];

/** In the language that was chosen here before, or else in the one that the server has taken the page's reader for. */
export async function loadTexts() {
  const chosen = remembered();
  await setLanguage(languages.includes(chosen) ? chosen : root.lang);
}

export async function setLanguage(language) {
  const [shell, own] = await Promise.all([read(`./texts/${language}.json`), read(`../texts/${language}.json`)]);
  texts = { ...shell, ...own };
  root.lang = language;
  followers = followers.filter(({ owner }) => owner.isConnected);
  followers.forEach(({ phrase, show }) => show(`${phrase}`));
}

/** Remembers it in this browser. Nothing else is kept there. */
export function rememberLanguage(language) {
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // Browsers can be told to keep nothing.
  }
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

async function read(path) {
  const response = await fetch(new URL(path, import.meta.url), { credentials: "omit" });
  if (!response.ok) {
    throw new Error(`The texts of the page cannot be read: ${response.status}.`);
  }

  return response.json();
}

/** Calls `show` with the text, now and in each language that is chosen while `owner` is in the page. */
export function follow(phrase, show, owner) {
  followers.push({ phrase, show, owner });
  show(`${phrase}`);
}

/** A day and time as the reader writes them. */
export const dateTime = (milliseconds) => new Intl.DateTimeFormat(navigator.languages.find((own) => own.split("-")[0] === root.lang) ?? root.lang, { dateStyle: "medium", timeStyle: "short" }).format(milliseconds);
