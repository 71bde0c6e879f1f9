import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";

/** What a header of these names says is said by the document, or the header is not there. */
const TOLD = ["etag", "last-modified", "next-page", "total-objects", "location"];
const FORMS = new Map([
  ["application/json", JSON.parse],
  ["text/plain", String],
  ["text/html", String],
  ["text/javascript", String],
]);

/** The OpenAPI document of a server: asks what is asked through it, and holds the answers against it. */
export class Api {
  /** What was asked: `GET /buckets`. */
  asked = new Set();

  #server;
  #ajv = new Ajv({ strict: false, formats: { password: true, uri: true } });

  static async of(server) {
    const response = await fetch(`${server.remote}/__api__`);
    return new Api(server, await response.json());
  }

  constructor(server, document) {
    this.#server = server;
    this.document = document;
    this.#ajv.addSchema(document, "api");
  }

  /** `GET /buckets/{bucket}` for everything in the document. */
  get operations() {
    return Object.entries(this.document.paths).flatMap(([path, item]) => Object.keys(item).filter((key) => key !== "parameters").map((method) => `${method.toUpperCase()} ${path}`));
  }

  /** Asserts that every schema is one. */
  assertSchemas() {
    for (const [name, schema] of Object.entries(this.document.components.schemas)) {
      assert.ok(this.#ajv.validateSchema(schema), `${name}: ${this.#ajv.errorsText()}`);
      this.#ajv.compile({ $ref: `api#/components/schemas/${name}` });
    }
  }

  /** One request; status, body and headers of its answer are what the document says. */
  async ask(user, method, path, status, { body, headers } = {}) {
    const { operation, template } = this.#find(method, path);
    const isForm = body instanceof FormData;
    if (isForm) {
      assert.ok(operation.requestBody.content["multipart/form-data"], `${method} ${path} takes no form`);
    } else if (body !== undefined) {
      this.#assertValid(operation.requestBody.content["application/json"].schema, body, `the body of ${method} ${path}`);
    }

    const response = await fetch(`${this.#server.remote}${path}`, {
      method,
      redirect: "manual",
      headers: { ...(user && { Authorization: user.authorization }), ...(body !== undefined && !isForm && { "Content-Type": "application/json" }), ...headers },
      body: body === undefined || isForm ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const about = `${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`;
    assert.equal(response.status, status, about);
    this.asked.add(`${method} ${template}`);
    const said = this.#resolve(operation.responses[status] ?? operation.responses[`${Math.floor(status / 100)}XX`]);
    assert.ok(said, `${about}: the document does not have that status`);
    this.#assertHeaders(said.headers ?? {}, response.headers, about);
    if (method === "HEAD" || text === "") {
      assert.ok(method === "HEAD" || said.content === undefined, `${about}: the document has a body`);
      return { headers: response.headers };
    }

    const type = response.headers.get("Content-Type").split(";")[0];
    const content = said.content?.[type] ?? said.content?.["*/*"];
    assert.ok(content, `${about}: the document has no ${type}`);
    const parsed = (FORMS.get(type) ?? String)(text);
    this.#assertValid(content.schema, parsed, about);
    return { headers: response.headers, body: parsed };
  }

  /** The path that is fixed in most places. */
  #find(method, path) {
    const parts = path.split("?")[0].split("/");
    const fits = Object.keys(this.document.paths)
      .map((template) => [template, template.split("/")])
      .filter(([, segments]) => segments.length === parts.length && segments.every((segment, i) => segment === parts[i] || (segment.startsWith("{") && parts[i] !== "")))
      .sort(([a], [b]) => a.split("{").length - b.split("{").length);
    assert.ok(fits.length > 0, `The document has no ${path}`);
    const [template] = fits[0];
    const operation = this.document.paths[template][method.toLowerCase()];
    assert.ok(operation, `The document has no ${method} ${template}`);
    return { template, operation };
  }

  #assertHeaders(said, headers, about) {
    for (const [name, reference] of Object.entries(said)) {
      if (headers.has(name)) {
        this.#assertValid(this.#resolve(reference).schema, headers.get(name), `${name} of ${about}`);
      }
    }

    const names = Object.keys(said).map((name) => name.toLowerCase());
    assert.deepEqual(TOLD.filter((name) => headers.has(name) && !names.includes(name)), [], `${about}: headers that the document does not have`);
  }

  #assertValid(schema, value, about) {
    const validate = this.#ajv.compile(schema.$ref ? { $ref: `api${schema.$ref}` } : schema);
    assert.ok(validate(value), `${about}\n${this.#ajv.errorsText(validate.errors)}`);
  }

  #resolve(value) {
    return value?.$ref ? value.$ref.slice(2).split("/").reduce((node, name) => node[name], this.document) : value;
  }
}
