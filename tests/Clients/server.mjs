import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const PROGRAM = process.env.LOCKSTEP_SERVER ?? fileURLToPath(new URL("../../src/Silo/bin/Release/net10.0/lockstep.dll", import.meta.url));
/** What starts a program: itself, or dotnet with it. */
const lineOf = (program) => (program.endsWith(".dll") ? ["dotnet", program] : [program]);
const POSTGRES = fileURLToPath(new URL("../postgres", import.meta.url));
const DEADLINE_MS = 30_000;
const LISTENING = 10;
const SILO_JOINED = 32;

/** A server with settings of its own is there for one test and has one silo: starting them is what takes the time here. */
const silosOf = (settings) => (Object.keys(settings).length === 0 ? 2 : 1);

/** The directory of 0.1.0's programs, which tests/former builds, or undefined. */
export const FORMER = process.env.LOCKSTEP_CHAOS_FORMER && dirname(process.env.LOCKSTEP_CHAOS_FORMER);

/** Every test makes an account; the strength of its hash is none of their matter. */
const PASSWORD_ITERATIONS = 1_000;

/**
 * Below the ports that the system picks for connections and for port 0, so that none is given to another before it is used, and
 * below those of the other tests. Each process of tests begins somewhere else.
 */
const FIRST_PORT = 2_000;
const LAST_PORT = 9_999;
/** Those in between at which `fetch` and browsers ask nobody (https://fetch.spec.whatwg.org/#port-blocking). */
const BAD_PORTS = new Set([2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697]);

let nextPort = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
let accounts = 0;

/**
 * Starts the built server on a port of its own with empty storage: of the engine that `LOCKSTEP_TEST_ENGINE` names. `cluster` is
 * PostgreSQL with a gateway, which the clients talk to, and silos.
 *
 * @param {Record<string, string|number|boolean>} settings As on the command line, without the dashes: `{"kinto:backoff": 5}`.
 */
export async function startServer(settings = {}) {
  return startOn(new Server(await newStorage(), settings));
}

/** Starts 0.1.0, which `upgrade` replaces. */
export async function startFormer() {
  return startOn(new Server(await newStorage(), {}, true));
}

async function startOn(server) {
  // It is started again on the same one.
  await server.start(`http://127.0.0.1:${(await freePorts(1))[0]}`);
  return server;
}

class Server {
  /** The base address, without `/v1`. */
  address = "";

  #storage;
  #settings;
  #silos;
  #ports;
  #children = [];
  #former;

  constructor(storage, settings, former = false) {
    this.#storage = storage;
    this.#former = former;
    this.#silos = storage.cluster ? silosOf(settings) : 0;
    this.#settings = { "data-directory": storage.directory, "log-format": "json", "accounts:password-iterations": PASSWORD_ITERATIONS, ...settings };
  }

  get remote() {
    return `${this.address}/v1`;
  }

  get log() {
    return this.#children.map((child) => child.log.join("\n")).join("\n");
  }

  /** Starts it and waits until it says where it listens. */
  async start(url = this.address) {
    this.#children = [];
    try {
      // All at once: a gateway waits until there is a silo.
      const ports = await freePorts(2 * this.#silos);
      const silos = [];
      while (ports.length > 0) {
        silos.push(this.#spawnSilo(...ports.splice(0, 2)));
      }

      const entrance = this.#storage.cluster
        ? this.#spawn(LISTENING, { role: "gateway", urls: url })
        : this.#spawn(LISTENING, { urls: url, ...(this.#former ? {} : await this.#siloPorts()) });
      const [{ Address }] = await Promise.all([entrance, ...silos]);
      this.address = Address;
    } catch (error) {
      await this.crash();
      await this.#storage.remove();
      throw error;
    }
  }

  /**
   * From 0.1.0 to the program under test: one process ends, and the new one is started on what is there; of a cluster the silos are
   * replaced one after the other, and then the gateway.
   *
   * @param between Called after each step of a cluster but the last.
   */
  async upgrade(between) {
    this.#former = false;
    if (!this.#storage.cluster) {
      await this.end();
      await this.start();
      return;
    }

    const [entrance, ...silos] = this.#children.toReversed();
    for (const silo of silos) {
      await this.#spawnSilo(...(await freePorts(2)));
      await this.#end(silo);
      await between();
    }

    await this.#end(entrance);
    await this.#spawn(LISTENING, { role: "gateway", urls: this.address });
  }

  /** Back to 0.1.0, where it is one process. */
  async goBack() {
    this.#former = true;
    await this.end();
    await this.start();
  }

  get isCluster() {
    return this.#storage.cluster === true;
  }

  async #end(child) {
    this.#children = this.#children.filter((other) => other !== child);
    await child.end();
  }

  #spawnSilo(siloPort, gatewayPort) {
    return this.#spawn(SILO_JOINED, { role: "silo", urls: "http://127.0.0.1:0", "cluster:silo-port": siloPort, "cluster:gateway-port": gatewayPort });
  }

  /** Other settings from the next start on. */
  configure(settings) {
    Object.assign(this.#settings, settings);
  }

  /** The same after a restart: a silo that comes back is known by its address. */
  async #siloPorts() {
    this.#ports ??= await freePorts(2);
    return { "cluster:silo-port": this.#ports[0], "cluster:gateway-port": this.#ports[1] };
  }

  async #spawn(event, settings) {
    const program = this.#former ? join(FORMER, this.#storage.cluster ? "Lockstep.Silo.dll" : "Lockstep.Gateway.dll") : PROGRAM;
    const child = new Child(program, { ...this.#settings, ...settings }, { ...environment(), ...this.#storage.environment });
    this.#children.push(child);
    return child.said(event);
  }

  /** What a command of the program says, with the settings and the storage of this server. */
  async command(...line) {
    const settings = Object.entries(this.#settings).map(([name, value]) => [`LOCKSTEP_${name.toUpperCase().replaceAll(":", "__").replaceAll("-", "_")}`, `${value}`]);
    const [command, ...first] = lineOf(PROGRAM);
    const { stdout } = await promisify(execFile)(command, [...first, ...line], { env: { ...environment(), ...this.#storage.environment, ...Object.fromEntries(settings) } });
    return stdout.trim();
  }

  /** Makes an account that nobody else uses. */
  async register() {
    const name = `user${++accounts}`;
    const user = { name, password: "s3cr3t", authorization: basic(name, "s3cr3t") };
    const response = await fetch(`${this.remote}/accounts/${name}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data: { password: user.password } }),
    }).catch((error) => {
      throw new Error(`No account: ${error.message}: ${error.cause?.code ?? error.cause}. The server's log:\n${this.log}`);
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

    const faults = this.#children.flatMap((child) => child.faults);
    if (faults.length > 0) {
      throw new Error(`The server logged faults:\n${faults.join("\n")}`);
    }
  }

  /** Has new, empty storage from now on, once it has ended. */
  async renew() {
    await this.#storage.remove();
    this.#storage = await newStorage();
    this.configure({ "data-directory": this.#storage.directory });
  }

  /** Puts a backup in the place of its data, once it has ended. On SQLite only. */
  async restore(backup) {
    const { directory } = this.#storage;
    await rm(directory, { recursive: true });
    await cp(backup, directory, { recursive: true });
  }

  /** Ends it, and leaves its data. */
  async end() {
    // A cluster's gateway first: what it has taken needs the silos.
    const [entrance, ...silos] = this.#children.toReversed();
    await entrance?.end();
    await Promise.all(silos.map((silo) => silo.end()));
  }

  /** Ends it without a warning, and leaves its data. */
  async crash() {
    await Promise.all(this.#children.map((child) => child.crash()));
  }
}

/** A process of the server. */
class Child {
  log = [];
  faults = [];

  #process;
  #ended;
  #waiting = new Map();

  constructor(program, settings, variables) {
    const [command, ...first] = lineOf(program);
    const child = spawn(command, [...first, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`])], {
      env: variables,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      child.once("close", (code, signal) => resolve(signal ?? code));
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#read(line));
    createInterface({ input: child.stderr }).on("line", (line) => this.log.push(line));
  }

  /** What a line with that event id says, once it is there. Asked right after the start. */
  async said(event) {
    const found = new Promise((resolve) => this.#waiting.set(event, resolve));
    const first = await within(DEADLINE_MS, Promise.race([found, this.#ended.then((end) => ({ end }))]));
    if (first === undefined || "end" in first) {
      throw new Error(`The server ${first ? `ended (${first.end})` : `said nothing for ${DEADLINE_MS} ms`} instead of listening. Its log:\n${this.log.join("\n")}`);
    }

    return first;
  }

  async end() {
    this.#process.kill("SIGTERM");
    const end = await within(DEADLINE_MS, this.#ended);
    if (end === undefined) {
      await this.crash();
    }

    if (end !== 0) {
      throw new Error(`The server ${end === undefined ? `did not end within ${DEADLINE_MS} ms` : `ended with ${end}`}. Its log:\n${this.log.join("\n")}`);
    }
  }

  async crash() {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  #read(line) {
    this.log.push(line);
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      return;
    }

    if (/^lockstep(\.|$)/i.test(entry.Category)) {
      this.#waiting.get(entry.EventId)?.(entry.State);
    }

    // Orleans calls it an error that a silo cannot be reached, and some tests kill them all.
    if ((entry.LogLevel === "Error" || entry.LogLevel === "Critical") && !entry.Category.startsWith("Orleans.")) {
      this.faults.push(line);
    }
  }
}

/** Ports that nobody listens on now, all different. */
async function freePorts(count) {
  const ports = [];
  while (ports.length < count) {
    const port = nextPort;
    nextPort = port < LAST_PORT ? port + 1 : FIRST_PORT;
    if (!BAD_PORTS.has(port) && (await isFree(port))) {
      ports.push(port);
    }
  }
  return ports;
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
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
    if (engine !== "postgresql" && engine !== "cluster") {
      throw new Error(`LOCKSTEP_TEST_ENGINE is '${engine}'. Use sqlite, postgresql or cluster.`);
    }

    const name = `lockstep_${randomUUID().replaceAll("-", "")}`;
    const { stdout } = await promisify(execFile)(POSTGRES, ["createdb", name]);
    return {
      directory,
      cluster: engine === "cluster",
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
