/**
 * Follows the changes of a list, a collection or a bucket, until `signal` says so. A break is no matter: the server is asked again, for what came after the last event.
 *
 * @param {string} url As of a GET.
 * @param {{headers: Record<string, string>, since?: string, signal?: AbortSignal}} options `since`: the ETag of what was read before; without it, from now on.
 * @yields {{event: string, id: string, data: any}} `event` is "change", "reset", "closed" or "end".
 */
export async function* changes(url, { headers, since, signal }) {
  let id = since?.replaceAll('"', "") ?? "";
  let retry = 3_000;
  while (!signal?.aborted) {
    try {
      const answer = await fetch(url, { headers: { ...headers, Accept: "text/event-stream", ...(id && { "Last-Event-ID": id }) }, signal });
      if (answer.status !== 200) {
        if (answer.status < 500 && answer.status !== 429) {
          throw new Refused(`${answer.status}: ${await answer.text()}`);
        }

        throw new Error(`${answer.status}`);
      }

      let event = { event: "change", data: "" };
      for await (const line of lines(answer.body)) {
        const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
        if (line === "") {
          if (event.data) {
            yield { ...event, id, data: JSON.parse(event.data) };
          }

          event = { event: "change", data: "" };
        } else if (name === "id") {
          id = value;
        } else if (name === "retry") {
          retry = Number(value);
        } else if (name === "event" || name === "data") {
          event[name] = value;
        }
      }
    } catch (error) {
      if (error instanceof Refused || signal?.aborted) {
        throw error;
      }
    }

    await new Promise((resolve) => setTimeout(resolve, retry));
  }
}

/** The server will not tell: to ask again is no use. */
export class Refused extends Error {}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }

    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
}
