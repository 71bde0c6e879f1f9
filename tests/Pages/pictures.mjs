// Pictures of pages for the docs: small PNGs with a palette.
import { mkdir, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";

const FOLDER = new URL("../../docs/pages/", import.meta.url);
const MOST_BYTES = 70_000;
/** How many a palette has, fewer where the picture is too large with them: what is left out is seams of letters. */
const COLOURS = [64, 24, 12];

export const PHONE = { width: 360, height: 640 };
export const COMPUTER = { width: 820, height: 640 };

/** Writes pictures of one page into `docs/pages`. */
export async function save(browser, name, pictures) {
  await mkdir(FOLDER, { recursive: true });
  const file = fileURLToPath(new URL(`${name}.png`, FOLDER));
  await writeFile(file, await small(browser, pictures));
  const { size } = await stat(file);
  console.log(`${name}.png ${size}${size > MOST_BYTES ? " is too large" : ""}`);
}

/** A picture of a page as it is, under an address that is the same each time. */
export async function picture(page) {
  await page.evaluate(rename, "sync.example.org");
  await page.evaluate(() => scrollTo(0, 0));
  // A palette has no room for what fades out.
  await page.evaluate(() => document.documentElement.style.setProperty("--shadow", "none"));
  return page.screenshot({ fullPage: true, type: "png" });
}

function rename(host) {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    texts.currentNode.data = texts.currentNode.data.replaceAll(`http://${location.host}`, `https://${host}`).replaceAll(location.host, host);
  }
}

/** Beside each other, in a palette: a page has few colours. */
async function small(browser, pictures) {
  const page = await browser.newPage();
  const { width, height, points } = await page.evaluate(async (sources) => {
    const images = await Promise.all(sources.map(async (source) => createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob())));
    const canvas = new OffscreenCanvas(images.reduce((sum, { width }) => sum + width, 0), Math.max(...images.map(({ height }) => height)));
    const context = canvas.getContext("2d");
    let x = 0;
    for (const image of images) {
      context.drawImage(image, x, 0);
      x += image.width;
    }

    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    const reader = new FileReader();
    await new Promise((resolve) => ((reader.onload = resolve), reader.readAsDataURL(new Blob([data]))));
    return { width, height, points: reader.result.split(",")[1] };
  }, pictures.map((picture) => picture.toString("base64")));
  await page.close();
  let bytes;
  for (const colours of COLOURS) {
    bytes = encode(width, height, Buffer.from(points, "base64"), colours);
    if (bytes.length <= MOST_BYTES) {
      break;
    }
  }

  return bytes;
}

/** A PNG with a palette: the colours that there is most of, and for each other one the nearest of them. */
function encode(width, height, points, colours) {
  const at = (i) => (points[i * 4] << 16) | (points[i * 4 + 1] << 8) | points[i * 4 + 2];
  const counts = new Map();
  for (let i = 0; i < width * height; i++) {
    counts.set(at(i), (counts.get(at(i)) ?? 0) + 1);
  }

  const palette = [...counts].sort(([, a], [, b]) => b - a).slice(0, colours).map(([colour]) => colour);
  const parts = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const distance = (a, b) => parts(a).reduce((sum, value, i) => sum + (value - parts(b)[i]) ** 2, 0);
  const places = new Map(palette.map((colour, i) => [colour, i]));
  for (const colour of counts.keys()) {
    if (!places.has(colour)) {
      places.set(colour, palette.reduce((best, other, i) => (distance(colour, other) < distance(colour, palette[best]) ? i : best), 0));
    }
  }

  const rows = Buffer.alloc((width + 1) * height);
  for (let i = 0; i < width * height; i++) {
    rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = places.get(at(i));
  }

  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(palette.flatMap(parts))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc(body), body.length + 4);
  return whole;
}

function crc(bytes) {
  let value = ~0;
  for (const byte of bytes) {
    value ^= byte;
    for (let i = 0; i < 8; i++) {
      value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
    }
  }

  return ~value >>> 0;
}
