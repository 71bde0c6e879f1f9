import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Marionette } from "./marionette.mjs";
import { preferences } from "./preferences.mjs";

const PROGRAM = process.env.LOCKSTEP_FIREFOX ?? "firefox-esr";
const DEADLINE_MS = 120_000;

const groups = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => process.exit(1));
}
process.once("exit", () => groups.forEach(kill));

/** A headless Firefox with a new profile, which `end` removes. It ends with this process, however that ends. */
export async function startFirefox(accounts) {
  return start(await mkdtemp(join(tmpdir(), "lockstep-firefox-")), accounts);
}

async function start(profile, accounts) {
  const lines = Object.entries(preferences(accounts)).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  await writeFile(join(profile, "user.js"), lines.join(""));
  const { DISPLAY, WAYLAND_DISPLAY, DBUS_SESSION_BUS_ADDRESS, ...environment } = process.env;
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", PROGRAM, "--headless", "--no-remote", "--marionette", "-remote-allow-system-access", "--profile", profile, "about:blank"],
    { detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...environment, HOME: profile, MOZ_HEADLESS: "1", MOZ_CRASHREPORTER_DISABLE: "1" } },
  );
  const ended = new Promise((resolve) => {
    child.once("error", resolve);
    child.once("close", (code, signal) => resolve(new Error(`Firefox ended with ${signal ?? code}.`)));
  });
  const group = child.pid;
  if (group) {
    groups.add(group);
  }

  const stop = async (marionette) => {
    marionette?.close();
    if (group) {
      kill(group);
    }

    await ended;
    groups.delete(group);
  };
  const end = async (marionette) => {
    await stop(marionette);
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  };

  const log = [];
  let marionette;
  let timer;
  try {
    const port = await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`Firefox was not there within ${DEADLINE_MS} ms.`)), DEADLINE_MS);
      ended.then(reject);
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          log.push(line);
          const found = /Marionette\s+INFO\s+Listening on port (\d+)/.exec(line);
          found && resolve(Number(found[1]));
        });
      }
    });
    marionette = new Marionette(port);
    await marionette.open();
    return {
      marionette,
      end: () => end(marionette),
      /** Quits in order, and starts the same profile with another account server. */
      restart: async (address) => {
        await marionette.command("Marionette:Quit", { flags: ["eForceQuit"] });
        await ended;
        await stop(marionette);
        return start(profile, address);
      },
    };
  } catch (error) {
    await end(marionette);
    throw new Error(`${error.message} It said:\n${log.join("\n")}`);
  } finally {
    clearTimeout(timer);
  }
}

function kill(group) {
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error;
    }
  }
}
