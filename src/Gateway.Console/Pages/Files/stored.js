// Stored JSON as text, indented. `JSON.parse` would round integers beyond 2^53; here numbers keep all their digits.

// A string is followed to its end by hand: engines give up on a pattern with many escapes in it.
const TOKEN = /["{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * @param {string} text A JSON object.
 * @param {string} name The name of one of its members.
 * @returns {string | null} The member; null if there is none.
 */
export function indented(text, name) {
  const tokens = [...tokensOf(text)];
  let depth = 0;
  for (let at = 0; at < tokens.length; at++) {
    depth += depthOf(tokens[at]);
    if (depth === 1 && tokens[at + 1] === ":" && tokens[at] === JSON.stringify(name)) {
      return value(tokens, at + 2);
    }
  }

  return null;
}

function* tokensOf(text) {
  const pattern = new RegExp(TOKEN);
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    if (found[0] === '"') {
      let end = pattern.lastIndex;
      while (text[end] !== '"') {
        end += text[end] === "\\" ? 2 : 1;
      }

      pattern.lastIndex = end + 1;
      yield text.slice(found.index, end + 1);
    } else {
      yield found[0];
    }
  }
}

const depthOf = (token) => (token === "{" || token === "[" ? 1 : token === "}" || token === "]" ? -1 : 0);

/** The value that begins at a token, as `JSON.stringify` would write it with an indent of 2. */
function value(tokens, at) {
  const parts = [];
  let depth = 0;
  do {
    const token = tokens[at];
    const by = depthOf(token);
    depth += by;
    if (by > 0 && depthOf(tokens[at + 1]) < 0) {
      parts.push(token, tokens[++at]);
      depth--;
    } else if (by > 0) {
      parts.push(token, line(depth));
    } else if (by < 0) {
      parts.push(line(depth), token);
    } else if (token === ",") {
      parts.push(token, line(depth));
    } else {
      parts.push(token === ":" ? ": " : token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token);
    }

    at++;
  } while (depth > 0);
  return parts.join("");
}

const line = (depth) => `\n${"  ".repeat(depth)}`;
