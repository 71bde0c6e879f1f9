// Checks objects against the types that the package kubernetes-models has from Kubernetes' OpenAPI: the TypeScript compiler finds
// unknown fields, missing ones and wrong types, the package's validators find what formats and patterns do not allow.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const require = createRequire(import.meta.url);

/** What is wrong with each list of objects, as sentences: one array a list. */
export function schemaProblems(lists) {
  const problems = lists.map(() => []);
  const code = [];
  const places = [];
  lists.forEach((objects, list) => {
    objects.forEach((object, index) => {
      const module = `kubernetes-models/${object.apiVersion}/${object.kind}`;
      const Model = model(module, object.kind);
      if (Model === undefined) {
        problems[list].push(`${label(object)}: no such kind`);
        return;
      }

      try {
        new Model(object).validate();
      } catch (error) {
        problems[list].push(`${label(object)}: ${error.message}`);
      }

      const name = `${list}_${index}`;
      code.push(`import type { I${object.kind} as T${name} } from "${module}";`);
      code.push(`export const o${name}: T${name} = ${JSON.stringify(object)};`);
      places.push({ line: code.length - 1, list, object });
    });
  });

  for (const { line, path, message } of compile(code.join("\n"))) {
    const { list, object } = places.find(place => place.line === line);
    problems[list].push(`${label(object)}: ${path}: ${message}`);
  }

  return problems;
}

export function label(object) {
  return `${object.kind} ${object.metadata?.name}`;
}

function model(module, kind) {
  try {
    return require(module)[kind];
  } catch (error) {
    if (["MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED"].includes(error.code)) return undefined;
    throw error;
  }
}

function compile(code) {
  const file = fileURLToPath(new URL("objects.ts", import.meta.url));
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const source = ts.createSourceFile(file, code, options.target, true);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? source : getSourceFile.call(host, name, ...rest));
  host.fileExists = name => name === file || fileExists.call(host, name);
  const program = ts.createProgram([file], options, host);
  const diagnostics = [...program.getGlobalDiagnostics(), ...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()];
  return diagnostics.map(diagnostic => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
    if (diagnostic.file !== source) throw new Error(message);
    return { line: source.getLineAndCharacterOfPosition(diagnostic.start).line, path: pathTo(source, diagnostic.start), message };
  });
}

// Names and indexes of the properties and elements around a position.
function pathTo(source, position) {
  const path = [];
  const walk = node => {
    if (ts.isPropertyAssignment(node)) path.push(node.name.text);
    if (ts.isArrayLiteralExpression(node.parent ?? node) && node.parent !== undefined) path.push(node.parent.elements.indexOf(node));
    ts.forEachChild(node, child => {
      if (child.getStart(source) <= position && position < child.end) walk(child);
    });
  };
  walk(source);
  return path.join(".");
}
