// Users behind a load balancer, for tests/containers: each writes to a bucket of its own and polls for what is new, until SIGTERM.
//   node traffic.mjs FILE ADDRESS...     FILE gets a line for each write that was acknowledged; ADDRESSES of gateways that are there or not
// Fails when a write that was acknowledged is not stored in the end or was told by no poll, and when a request to a gateway in service
// got no answer, or another one than 2xx and 503. What was not answered with 2xx is sent again.
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const USERS = 4;
const PAUSE_MS = 100;
const TRIES = 3_000;
/** What is not answered by then never is. */
const ANSWER_MS = 180_000;
/** How often each gateway is asked for /health/ready: one that stops is sent requests for that long. */
const PROBE_MS = 1_000;
/** No answer that is older is believed. */
const READY_MS = 5_000;
/** A gateway that was ready serves for longer than that, whatever it is told (Http:DrainTime); later, one without an answer may be too late. */
const SERVES_MS = 9_000;

const [, , file, ...addresses] = process.argv;
const headers = { Authorization: `Basic ${btoa("alice:s3cr3t")}`, "Content-Type": "application/json" };
const gateways = addresses.map(address => ({ address, asked: -Infinity, ready: false }));
const problems = [];
let turn = 0;
let writes = 0;
let refused = 0;
let enough = false;
process.once("SIGTERM", () => (enough = true));

await Promise.all(Array.from({ length: USERS }, (_, user) => use(`/v1/buckets/bucket-${user}`)));
console.log(`${writes} writes, ${refused} requests refused with 503`);
if (problems.length > 0) {
  console.log([`${problems.length} problems`, ...problems.slice(0, 20)].join("\n"));
  process.exitCode = 1;
}

async function use(bucket) {
  const records = `${bucket}/collections/tasks/records`;
  const acknowledged = new Set();
  const polled = new Set();
  let writing = true;
  await send("PUT", bucket, {});
  await send("PUT", `${bucket}/collections/tasks`, {});
  await Promise.all([write().finally(() => (writing = false)), poll()]);
  const stored = new Set();
  await list("0", stored);
  for (const record of acknowledged) {
    if (!stored.has(record)) problems.push(`${bucket}: ${record} was acknowledged, and is not stored`);
    if (!polled.has(record)) problems.push(`${bucket}: ${record} was acknowledged, and no poll told of it`);
  }

  async function write() {
    for (let n = 1; !enough; n++) {
      await send("PUT", `${records}/r${n}`, { data: { n } });
      acknowledged.add(`r${n}`);
      writes++;
      appendFileSync(file, `${bucket} r${n}\n`);
      await pause(PAUSE_MS);
    }
  }

  async function poll() {
    let since = "0";
    let last;
    do {
      // Once more after the last write.
      last = !writing;
      since = await list(since, polled);
      await pause(PAUSE_MS);
    } while (!last);
  }

  /** All of it is in one page: some hundred records. */
  async function list(since, found) {
    const { stamp, data } = await send("GET", `${records}?_since=${since}`);
    for (const { id } of data) found.add(id);
    return stamp;
  }
}

/** Sends it until it is done, as a client does that is offline for a while. */
async function send(method, path, body) {
  for (let tries = 0; tries < TRIES; tries++) {
    const gateway = await readyGateway();
    if (gateway !== undefined) {
      const { address, asked } = gateway;
      try {
        const answer = await fetch(`http://${address}:8888${path}`, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_MS) });
        const text = await answer.text();
        if (answer.ok) {
          return { stamp: answer.headers.get("ETag")?.replaceAll('"', ""), data: JSON.parse(text).data };
        }

        if (answer.status === 503) {
          refused++;
        } else {
          problems.push(`${address} ${method} ${path}: ${answer.status} ${text}`);
        }
      } catch (error) {
        if (performance.now() - asked < SERVES_MS) {
          problems.push(`${address} ${method} ${path}: ${error.message} ${error.cause?.message ?? ""}`);
        }
      }
    }

    await pause(PAUSE_MS);
  }

  throw new Error(`${method} ${path} was not done in ${TRIES} tries; ${refused} were refused. ${problems.at(-1) ?? ""}`);
}

/** By turns one of those that are ready, as a load balancer takes them; undefined when none is. */
async function readyGateway() {
  for (let tries = 0; tries < gateways.length; tries++) {
    const gateway = gateways[turn++ % gateways.length];
    if (performance.now() - gateway.asked > PROBE_MS) {
      const asked = performance.now();
      const answer = await fetch(`http://${gateway.address}:8888/health/ready`, { signal: AbortSignal.timeout(READY_MS) }).catch(() => undefined);
      await answer?.text().catch(() => undefined);
      Object.assign(gateway, { asked, ready: answer?.ok === true });
    }

    if (gateway.ready && performance.now() - gateway.asked < READY_MS) {
      return gateway;
    }
  }

  return undefined;
}
