// What is around every page: whose server this is, the page itself, the languages.
import { h, svg } from "./dom.js";
import { languages, follow, rememberLanguage, setLanguage, t } from "./texts.js";

const NAMES = { de: "Deutsch", en: "English" };

const main = h("main", { class: "page", id: "main" });
const nav = h("nav", { class: "places", hidden: true });
const status = h("p", { class: "sr-only", role: "status" });
let titled;

/** Puts the parts of the page where they belong. Called once, when the texts are there. */
export function layOut() {
  document.body.append(
    h("a", { class: "skip", href: "#main" }, t("page.skip")),
    h("header", { class: "top" }, mark(), h("span", { class: "host" }, location.host), nav),
    main,
    status,
    h("footer", { class: "bottom" }, languageSwitch()),
  );
}

/**
 * Shows something else.
 *
 * @param {{title: Phrase, body: Node[], wide?: boolean, fieldFirst?: boolean, name: string}} view Its title is also that of the window. With
 *   `fieldFirst` its first field has the focus when it is what the window opens with.
 */
export function show({ title, body, wide = false, fieldFirst = true, name }) {
  const first = titled === undefined;
  const heading = h("h1", { tabindex: "-1" }, title);
  main.replaceChildren(h("div", { class: wide ? "wide" : "card", "data-view": name }, heading, ...body));
  titled = title;
  follow(title, (text) => titled === title && (document.title = `${text} · ${location.host}`), heading);
  scrollTo(0, 0);
  if (first) {
    fieldFirst && main.querySelector("input:not([readonly])")?.focus();
  } else {
    // A screen reader says it, and the next Tab goes on from there.
    heading.focus();
  }
}

/**
 * Shows where one can go from every page, or nothing.
 *
 * @param {Phrase|null} label What a screen reader calls it; null for no navigation.
 * @param {...Node} children Links and buttons.
 */
export function navigation(label, ...children) {
  nav.hidden = label === null;
  nav.replaceChildren(...children);
  if (label) {
    follow(label, (text) => nav.setAttribute("aria-label", text), nav);
  }
}

/** Says something to a screen reader. */
export const announce = (phrase) => (status.textContent = `${phrase}`);

function mark() {
  return svg(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 8, class: "mark-ground" }),
    svg("path", { d: "M9 8v12a3 3 0 0 0 3 3h5M23 24V12a3 3 0 0 0-3-3h-5", class: "mark-line" }),
  );
}

function languageSwitch() {
  const buttons = languages.map((language) =>
    h("button", { type: "button", class: "quiet", lang: language, "data-language": language, onclick: () => choose(language) }, NAMES[language] ?? language),
  );
  const mark = () => buttons.forEach((button) => button.setAttribute("aria-pressed", `${button.dataset.language === document.documentElement.lang}`));
  const choose = async (language) => {
    await setLanguage(language);
    rememberLanguage(language);
    mark();
  };
  mark();
  return h("div", { class: "languages", role: "group", "aria-label": t("page.language") }, buttons);
}
