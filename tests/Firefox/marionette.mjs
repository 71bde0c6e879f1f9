import { connect } from "node:net";

/** Firefox is slow where others take the CPU; what takes longer than this waits for something that does not come. */
const SCRIPT_MS = 180_000;
const PAGE_MS = 60_000;
const ANSWER_MS = 200_000;

/** Firefox asks something in a window of its own. What was called goes on behind it. */
export class Asked extends Error {}

/**
 * A session of Marionette, by which Firefox is driven: messages are JSON behind their length in bytes and a colon, `[0, id, command,
 * parameters]` there and `[1, id, error, result]` back.
 */
export class Marionette {
  #socket;
  #received = Buffer.alloc(0);
  #sent = 0;
  #waiting = new Map();
  #greeted;

  constructor(port) {
    this.#socket = connect(port, "127.0.0.1");
    this.#greeted = this.#answerTo("hello", "the connection");
    this.#socket.on("data", (data) => this.#read(data));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("Firefox closed the connection of Marionette.")));
  }

  async open() {
    await this.#greeted;
    await this.command("WebDriver:NewSession", {});
    await this.command("WebDriver:SetTimeouts", { script: SCRIPT_MS, pageLoad: PAGE_MS });
  }

  close() {
    this.#socket.destroy();
  }

  command(name, parameters) {
    const id = ++this.#sent;
    const message = Buffer.from(JSON.stringify([0, id, name, parameters]));
    this.#socket.write(Buffer.concat([Buffer.from(`${message.length}:`), message]));
    return this.#answerTo(id, name);
  }

  /**
   * Calls a function in Firefox with arguments that JSON can say, and returns what it does. It goes there as text, so it knows nothing
   * of what is around it here.
   *
   * @param {"chrome"|"content"} context Firefox itself, or the page that it shows.
   */
  async call(context, action, parameters) {
    await this.command("Marionette:SetContext", { value: context });
    const { value } = await this.command("WebDriver:ExecuteAsyncScript", {
      script: `const [parameters, done] = arguments;
        (async () => (${action})(...parameters))().then(
          (value) => done({ value: value ?? null }),
          (error) => done({ error: String(error) + "\\n" + (error?.stack ?? "") }));`,
      args: [parameters],
      sandbox: context === "chrome" ? "system" : null,
      newSandbox: false,
    });
    if (value === null) {
      throw new Asked("Firefox asks something.");
    }

    if (value.error) {
      throw new Error(`In Firefox: ${value.error}`);
    }

    return value.value;
  }

  async navigate(url) {
    await this.command("Marionette:SetContext", { value: "content" });
    await this.command("WebDriver:Navigate", { url });
  }

  /** Says yes to what Firefox asks. */
  agree() {
    return this.command("WebDriver:AcceptAlert", {});
  }

  #answerTo(id, name) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`Firefox did not answer to ${name} within ${ANSWER_MS} ms.`)), ANSWER_MS);
      this.#waiting.set(id, {
        resolve: (result) => (clearTimeout(late), resolve(result)),
        reject: (error) => (clearTimeout(late), reject(error)),
      });
    });
  }

  #read(data) {
    this.#received = Buffer.concat([this.#received, data]);
    for (;;) {
      const colon = this.#received.indexOf(":");
      const end = colon + 1 + Number(this.#received.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || this.#received.length < end) {
        return;
      }

      this.#take(JSON.parse(this.#received.subarray(colon + 1, end)));
      this.#received = this.#received.subarray(end);
    }
  }

  #take(message) {
    // The first one is no answer: it says who is there.
    const [, id, error, result] = Array.isArray(message) ? message : [1, "hello", null, message];
    const { resolve, reject } = this.#waiting.get(id) ?? {};
    this.#waiting.delete(id);
    error ? reject?.(new Error(`Marionette: ${error.error}: ${error.message}`)) : resolve?.(result);
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) {
      reject(error);
    }

    this.#waiting.clear();
  }
}
