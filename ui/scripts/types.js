// Writes `src/api/schema.ts`: the shapes of herder's own answers and events, from the API's document, which is generated from the
// Rust structs (docs/openapi.json). With `--check` it only says whether the file is fresh.

import { readFile, writeFile } from "node:fs/promises";
import openapiTypescript, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);
const TYPES = new URL("../src/api/schema.ts", import.meta.url);
const HEAD = "// Generated from docs/openapi.json by `npm run types`. Do not edit.\n\n";

const document = JSON.parse(await readFile(DOCUMENT, "utf8"));
// The page asks by path itself; only the shapes are of use to it.
const shapes = {
  openapi: document.openapi,
  info: document.info,
  paths: {},
  components: { schemas: document.components.schemas },
};
const nodes = await openapiTypescript(shapes, {
  alphabetize: true,
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
});
const text = HEAD + astToString(nodes);

if (process.argv.includes("--check")) {
  const kept = await readFile(TYPES, "utf8").catch(() => "");
  if (kept !== text) {
    console.error("ui/src/api/schema.ts is stale: run `npm run types` in ui/");
    process.exit(1);
  }
} else {
  await writeFile(TYPES, text);
}
