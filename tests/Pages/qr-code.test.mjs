import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import jsQR from "jsqr";
import { openPage, startChromium } from "./browser.mjs";
import { startFake } from "./fake-server.mjs";

let browser;
let server;
before(async () => ([browser, server] = await Promise.all([startChromium(), startFake()])));
after(() => Promise.all([browser.close(), server.stop()]));

test("QrCode_OfEachLength_IsReadByAnotherImplementation", async () => {
  const page = await openPage(browser);
  await page.goto(server.address + "/signin");
  await page.waitForSelector("[data-view]");
  const source = await page.evaluate(() => document.querySelector("script[type=module]").src.replace("main.js", "views/settings/qr-code.js"));
  for (const length of [1, 17, 18, 53, 78, 106, 134, 154, 192, 230, 231, 271]) {
    // The first character is two bytes.
    const text = length > 1 ? `Ä${"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&".repeat(8).slice(0, length - 2)}` : "a";
    const modules = await page.evaluate(async ([url, value]) => (await import(url)).qrModules(value), [source, text]);
    assert.equal(read(modules), text, `${length} bytes`);
  }

  await assert.rejects(page.evaluate(async (url) => (await import(url)).qrModules("a".repeat(272)), source), /too long/);
});

/** As a camera would see it: four modules of light around, four points a module. */
function read(modules) {
  const [zone, scale] = [4, 4];
  const size = (modules.length + 2 * zone) * scale;
  const points = new Uint8ClampedArray(size * size * 4).fill(255);
  modules.forEach((row, y) =>
    row.forEach((dark, x) => {
      for (let i = 0; dark && i < scale * scale; i++) {
        const at = (((y + zone) * scale + Math.floor(i / scale)) * size + (x + zone) * scale + (i % scale)) * 4;
        points.fill(0, at, at + 3);
      }
    }),
  );
  return jsQR(points, size, size)?.data;
}
