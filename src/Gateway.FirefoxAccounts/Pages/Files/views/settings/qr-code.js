// A QR code (ISO/IEC 18004): bytes, level L of error correction, up to version 10, which has room for 271 of them.
import { utf8 } from "../../crypto/bytes.js";
import { svg } from "../../shell/dom.js";

/** By version: words of error correction in each block, blocks of the shorter kind and their data words, longer blocks (one word more). */
const BLOCKS = [null, [7, 1, 19, 0], [10, 1, 34, 0], [15, 1, 55, 0], [20, 1, 80, 0], [26, 1, 108, 0], [18, 2, 68, 0], [20, 2, 78, 0], [24, 2, 97, 0], [30, 2, 116, 0], [18, 2, 68, 2]];
const ALIGNMENTS = [null, [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const BYTE_MODE = 4;
const LEVEL_L = 1;

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The code as a picture. */
export function qrCode(text) {
  const modules = qrModules(text);
  const path = modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ""))).join("");
  const size = modules.length + 8;
  return svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, "shape-rendering": "crispEdges", "aria-hidden": "true" }, svg("path", { d: path }));
}

/** @returns {boolean[][]} Rows of modules, `true` where one is dark; without the quiet zone around. */
export function qrModules(text) {
  const bytes = utf8(text);
  const version = BLOCKS.findIndex((blocks, i) => blocks && dataWords(blocks) >= bytes.length + (i < 10 ? 2 : 3));
  if (version < 0) {
    throw new RangeError("This is too long for the picture.");
  }

  const words = interleaved(dataOf(bytes, version), BLOCKS[version]);
  return MASKS.map((_, mask) => drawn(version, words, mask)).reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
}

const dataWords = ([, short, words, long]) => short * words + long * (words + 1);

function dataOf(bytes, version) {
  const room = dataWords(BLOCKS[version]);
  const bits = [];
  const put = (value, length) => {
    for (let i = length - 1; i >= 0; i--) {
      bits.push((value >>> i) & 1);
    }
  };
  put(BYTE_MODE, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  bytes.forEach((byte) => put(byte, 8));
  put(0, Math.min(4, room * 8 - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room * 8; pad ^= 0xec ^ 0x11) {
    put(pad, 8);
  }

  return Array.from({ length: room }, (_, i) => bits.slice(i * 8, i * 8 + 8).reduce((word, bit) => (word << 1) | bit, 0));
}

// :: Error correction: Reed and Solomon's code over GF(256) with x^8 + x^4 + x^3 + x^2 + 1
function times(a, b) {
  let product = 0;
  for (let i = 7; i >= 0; i--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    product ^= ((b >>> i) & 1) * a;
  }

  return product;
}

function divisor(degree) {
  const polynomial = [...Array(degree - 1).fill(0), 1];
  for (let root = 1, i = 0; i < degree; i++, root = times(root, 2)) {
    for (let j = 0; j < degree; j++) {
      polynomial[j] = times(polynomial[j], root) ^ (polynomial[j + 1] ?? 0);
    }
  }

  return polynomial;
}

function remainder(data, by) {
  const rest = by.map(() => 0);
  for (const word of data) {
    const factor = word ^ rest.shift();
    rest.push(0);
    by.forEach((coefficient, i) => (rest[i] ^= times(coefficient, factor)));
  }

  return rest;
}

function interleaved(data, [correction, short, words, long]) {
  const by = divisor(correction);
  let at = 0;
  const blocks = Array.from({ length: short + long }, (_, i) => data.slice(at, (at += words + (i < short ? 0 : 1))));
  const checks = blocks.map((block) => remainder(block, by));
  const column = (lists, i) => lists.map((list) => list[i]).filter((word) => word !== undefined);
  return [
    ...Array.from({ length: words + 1 }, (_, i) => column(blocks, i)).flat(),
    ...Array.from({ length: correction }, (_, i) => column(checks, i)).flat(),
  ];
}

// :: The picture
function drawn(version, words, mask) {
  const size = version * 4 + 17;
  const dark = Array.from({ length: size }, () => Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => Array(size).fill(false));
  const set = (x, y, value) => {
    if (x >= 0 && y >= 0 && x < size && y < size) {
      dark[y][x] = value;
      fixed[y][x] = true;
    }
  };

  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }

  for (const [centerX, centerY] of [[3, 3], [size - 4, 3], [3, size - 4]]) {
    around(4, (x, y, ring) => set(centerX + x, centerY + y, ring !== 2 && ring !== 4));
  }

  const places = ALIGNMENTS[version];
  const last = places.length - 1;
  for (const [i, centerX] of places.entries()) {
    for (const [j, centerY] of places.entries()) {
      if (!((i === 0 && (j === 0 || j === last)) || (i === last && j === 0))) {
        around(2, (x, y, ring) => set(centerX + x, centerY + y, ring !== 1));
      }
    }
  }

  drawFormat(size, set, mask);
  drawVersion(size, set, version);
  drawWords(size, dark, fixed, words, mask);
  return dark;
}

function around(radius, draw) {
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      draw(x, y, Math.max(Math.abs(x), Math.abs(y)));
    }
  }
}

/** The data with its remainder behind it, by a generator of the code that formats and versions are written in. */
function coded(data, generator, bits) {
  let rest = data;
  for (let i = 0; i < bits; i++) {
    rest = (rest << 1) ^ ((rest >>> (bits - 1)) * generator);
  }

  return (data << bits) | rest;
}

function drawFormat(size, set, mask) {
  const bits = coded((LEVEL_L << 3) | mask, 0x537, 10) ^ 0x5412;
  const bit = (i) => ((bits >>> i) & 1) === 1;
  for (let i = 0; i < 15; i++) {
    // One copy around the corner, one along the other two.
    const along = i < 6 ? i : i < 8 ? i + 1 : i === 8 ? 7 : 14 - i;
    i < 8 ? set(8, along, bit(i)) : set(along, 8, bit(i));
    i < 8 ? set(size - 1 - i, 8, bit(i)) : set(8, size - 15 + i, bit(i));
  }

  set(8, size - 8, true);
}

function drawVersion(size, set, version) {
  if (version < 7) {
    return;
  }

  const bits = coded(version, 0x1f25, 12);
  for (let i = 0; i < 18; i++) {
    const value = ((bits >>> i) & 1) === 1;
    const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
    set(a, b, value);
    set(b, a, value);
  }
}

function drawWords(size, dark, fixed, words, mask) {
  let i = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    // The column of the timing pattern is left out.
    right = right === 6 ? 5 : right;
    for (let step = 0; step < size; step++) {
      const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (!fixed[y][x]) {
          const bit = ((words[i >>> 3] ?? 0) >>> (7 - (i & 7))) & 1;
          dark[y][x] = (bit === 1) !== MASKS[mask](x, y);
          i++;
        }
      }
    }
  }
}

/** How hard the picture is to read: the less, the better. */
function penalty(modules) {
  const size = modules.length;
  const lines = [...modules, ...modules.map((_, x) => modules.map((row) => row[x]))];
  let sum = 0;
  for (const line of lines) {
    const text = line.map((dark) => (dark ? "1" : "0")).join("");
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) {
      sum += run.length - 2;
    }

    sum += 40 * (text.match(/(?=10111010000)|(?=00001011101)/g) ?? []).length;
  }

  for (let y = 1; y < size; y++) {
    for (let x = 1; x < size; x++) {
      const dark = modules[y][x];
      sum += dark === modules[y - 1][x] && dark === modules[y][x - 1] && dark === modules[y - 1][x - 1] ? 3 : 0;
    }
  }

  const count = modules.flat().filter(Boolean).length;
  return sum + 10 * Math.floor(Math.abs((count * 20) / (size * size) - 10));
}
