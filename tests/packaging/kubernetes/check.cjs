// check.cjs FOLDER FILE: FOLDER has node_modules with kubernetes-models and typescript, FILE a JSON list of
// Kubernetes objects. Prints every complaint; exit 1 when there is one.
"use strict";
const fs = require("fs");
const path = require("path");
const [folder, file] = process.argv.slice(2);
const load = require("module").createRequire(path.resolve(folder, "package.json"));
const ts = load("typescript");

const objects = JSON.parse(fs.readFileSync(file, "utf8"));
const moduleOf = (object) => `kubernetes-models/${object.apiVersion}/${object.kind}`;
const nameOf = (object) => `${object.kind} ${object.metadata && object.metadata.name}`;

// Required fields, types and forms, as the OpenAPI definitions have them.
function structure(object) {
  const Model = load(moduleOf(object))[object.kind];
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return (error.errors || [{ instancePath: "", message: String(error) }]).map(
      (e) => `${nameOf(object)}: ${e.instancePath} ${e.message}`,
    );
  }
}

// A literal with a field that its type has not is an error of the compiler.
function unknownFields() {
  const source = objects
    .map(
      (object, i) =>
        `import type { I${object.kind} as T${i} } from "${moduleOf(object)}";\n` +
        `export const o${i}: T${i} = ${JSON.stringify(object)};\n`,
    )
    .join("");
  const name = path.resolve(folder, "objects.ts");
  const options = { noEmit: true, strict: true, skipLibCheck: true, types: [] };
  options.module = ts.ModuleKind.CommonJS;
  options.moduleResolution = ts.ModuleResolutionKind.NodeJs;
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (asked, ...rest) =>
    asked === name ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2020) : read(asked, ...rest);
  const known = host.fileExists;
  host.fileExists = (asked) => asked === name || known(asked);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([name], options, host))
    .map((d) => ts.flattenDiagnosticMessageText(d.messageText, "\n"));
}

const complaints = [...objects.flatMap(structure), ...unknownFields()];
for (const complaint of complaints) console.log(complaint);
process.exitCode = complaints.length ? 1 : 0;
