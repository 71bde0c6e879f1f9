import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const BUILT = new URL("../../src/Gateway/bin/Release/net10.0/Lockstep.Gateway.dll", import.meta.url);
const POSTGRES = fileURLToPath(new URL("../postgres", import.meta.url));
const DEADLINE_MS = 30_000;
const LISTENING = 10;

/** Every test makes an account; the strength of its hash is none of their matter. */
const PASSWORD_ITERATIONS = 1_000;

let accounts = 0;

/**
 * Starts the built server on a port of its own with empty storage: of the engine that `LOCKSTEP_TEST_ENGINE` names.
 *
 * @param {Record<string, string|number|boolean>} settings As on the command line, without the dashes: `{"kinto:backoff": 5}`.
 */
export async function startServer(settings = {}) {
  const server = new Server(await newStorage(), settings);
  await server.start("http://127.0.0.1:0");
  return server;
}

class Server {
  /** The base address, without `/v1`. */
  address = "";

  #storage;
  #settings;
  #child;
  #ended;
  #log = [];
  #faults = [];

  constructor(storage, settings) {
    this.#storage = storage;
    this.#settings = settings;
  }

  get remote() {
    return `${this.address}/v1`;
  }

  get log() {
    return this.#log.join("\n");
  }

  /** Starts it and waits until it says where it listens. */
  async start(url = this.address) {
    const settings = { "data-directory": this.#storage.directory, urls: url, "log-format": "json", "accounts:password-iterations": PASSWORD_ITERATIONS, ...this.#settings };
    const child = spawn(
      "dotnet",
      [process.env.LOCKSTEP_SERVER ?? fileURLToPath(BUILT), ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`])],
      { env: { ...environment(), ...this.#storage.environment }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      child.once("close", (code, signal) => resolve(signal ?? code));
    });
    const found = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => this.#read(line, resolve));
      createInterface({ input: child.stderr }).on("line", (line) => this.#log.push(line));
    });

    const first = await within(DEADLINE_MS, Promise.race([found, this.#ended.then((end) => ({ end }))]));
    if (typeof first !== "string") {
      child.kill("SIGKILL");
      await this.#ended;
      await this.#storage.remove();
      throw new Error(`The server ${first ? `ended (${first.end})` : `said nothing for ${DEADLINE_MS} ms`} instead of listening. Its log:\n${this.log}`);
    }

    this.address = first;
  }

  /** Makes an account that nobody else uses. */
  async register() {
    const name = `user${++accounts}`;
    const user = { name, password: "s3cr3t", authorization: basic(name, "s3cr3t") };
    const response = await fetch(`${this.remote}/accounts/${name}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data: { password: user.password } }),
    });
    if (response.status !== 201) {
      throw new Error(`No account: ${response.status} ${await response.text()}`);
    }

    await response.arrayBuffer();
    return user;
  }

  /** One request without any client library; the answer's body is parsed already. */
  async request(user, method, path, { body, headers } = {}) {
    const response = await fetch(`${this.remote}${path}`, {
      method,
      headers: {
        ...(user && { Authorization: user.authorization }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** Ends it as a service manager would. A server that ends otherwise, or that logged a fault meanwhile, fails the test. */
  async stop() {
    try {
      await this.end();
    } finally {
      await this.#storage.remove();
    }

    if (this.#faults.length > 0) {
      throw new Error(`The server logged faults:\n${this.#faults.join("\n")}`);
    }
  }

  /** Ends it, and leaves its data. */
  async end() {
    this.#child.kill("SIGTERM");
    const end = await within(DEADLINE_MS, this.#ended);
    if (end === undefined) {
      await this.crash();
    }

    if (end !== 0) {
      throw new Error(`The server ${end === undefined ? `did not end within ${DEADLINE_MS} ms` : `ended with ${end}`}. Its log:\n${this.log}`);
    }
  }

  /** Ends it without a warning, and leaves its data. */
  async crash() {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #read(line, found) {
    this.#log.push(line);
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      return;
    }

    if (entry.EventId === LISTENING && entry.State?.Address) {
      found(entry.State.Address);
    }

    if (entry.LogLevel === "Error" || entry.LogLevel === "Critical") {
      this.#faults.push(line);
    }
  }
}

export function basic(name, password) {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** Where one server keeps its data over restarts: a directory and, on PostgreSQL, a database. */
async function newStorage() {
  const directory = await mkdtemp(join(tmpdir(), "lockstep-clients-"));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  const engine = process.env.LOCKSTEP_TEST_ENGINE || "sqlite";
  if (engine === "sqlite") {
    return { directory, environment: {}, remove: removeDirectory };
  }

  try {
    if (engine !== "postgresql") {
      throw new Error(`LOCKSTEP_TEST_ENGINE is '${engine}'. Use sqlite or postgresql.`);
    }

    const name = `lockstep_${randomUUID().replaceAll("-", "")}`;
    const { stdout } = await promisify(execFile)(POSTGRES, ["createdb", name]);
    return {
      directory,
      environment: { LOCKSTEP_POSTGRES__CONNECTION: stdout.trim() },
      remove: async () => {
        await removeDirectory();
        await promisify(execFile)(POSTGRES, ["dropdb", name]);
      },
    };
  } catch (error) {
    await removeDirectory();
    throw error;
  }
}

/** The settings of whoever runs the tests are not the tests' settings. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toUpperCase().startsWith("LOCKSTEP_")));
}

/** The promise's value, or undefined when it takes too long. */
async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
