// Makes elements. No text ever becomes markup: what users and servers say goes into text nodes and attributes.
import { follow, Phrase } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name Of the element.
 * @param {object} attributes `onclick` and the like are functions; `true` is an attribute without value; null, undefined and `false` are none. A
 *   phrase stays in the language of the page.
 * @param {...(Node|string|Phrase|null|Array)} children
 */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same of SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (value instanceof Phrase) {
      follow(value, (text) => element.setAttribute(name, text), element);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }

  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false).map(node));
  return element;
}

function node(child) {
  if (!(child instanceof Phrase)) {
    return child;
  }

  const text = document.createTextNode("");
  follow(child, (value) => (text.data = value), text);
  return text;
}

let ids = 0;

/** An id that no other element has. */
export const newId = (name) => `${name}-${++ids}`;
