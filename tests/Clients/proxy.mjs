import { createServer, request } from "node:http";

/**
 * A proxy between client and server that plays tricks.
 *
 * @param server From `startServer`.
 * @param trick  Called with the request; returns what is to happen to it: nothing (it is passed on), `REFUSE` (503, the
 *               server sees nothing of it), `LOSE` (the server does it, the client gets a 503) or `CUT` (the server does
 *               it, the connection ends).
 */
export async function startProxy(server, trick) {
  const proxy = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }

    const what = trick(incoming);
    if (what === REFUSE) {
      refuse(outgoing);
      return;
    }

    const forwarded = request(server.address + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      if (what === LOSE || what === CUT) {
        answer.resume().on("end", () => (what === LOSE ? refuse(outgoing) : outgoing.destroy()));
        return;
      }

      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    forwarded.end(Buffer.concat(chunks));
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    remote: `http://127.0.0.1:${proxy.address().port}/v1`,
    async stop() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

export const REFUSE = "refuse";
export const LOSE = "lose";
export const CUT = "cut";

/** A trick that does `what` to the first request that matches. */
export function once(what, matches) {
  const trick = (incoming) => {
    if (trick.done || !matches(incoming)) {
      return undefined;
    }

    trick.done = true;
    return what;
  };
  trick.done = false;
  return trick;
}

export const isBatch = ({ method, url }) => method === "POST" && url.endsWith("/batch");
export const isList = ({ method, url }) => method === "GET" && url.includes("/records?");
export const isMetadata = ({ method, url }) => method === "GET" && url.endsWith("/collections/tasks");

function refuse(outgoing) {
  outgoing.writeHead(503, { "Content-Type": "application/json", "Retry-After": "1" });
  outgoing.end(JSON.stringify({ code: 503, errno: 201, error: "Service Unavailable", message: "Later, please." }));
}
