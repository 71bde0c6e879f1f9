// Data as it is stored, indented.
import { h } from "../shell/dom.js";

/**
 * @param {string} text The data.
 * @param {Phrase} label What a screen reader calls it.
 */
export const json = (text, label) => h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": label }, h("code", {}, text));
