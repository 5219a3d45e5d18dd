// Writes src/api/types.ts, the shapes of the API from the server's own OpenAPI and the codes of its errors, and
// src/api/paths.ts, what may be asked of the server in these shapes.
// Run `npm run api` after the API changed; a test fails where this was forgotten.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const root = new URL("../../", import.meta.url).pathname;
const python = process.env.PYTHON ?? `${root}.venv/bin/python`;
const run = (...args) => execFileSync(python, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });

/** A JSON schema as a TypeScript type. */
function type(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return [...new Set(choices.map(type))].join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((name) => type({ ...schema, type: name })).join(" | ");
  if (schema.type === "array") return `(${type(schema.items ?? {})})[]`;
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "object" && schema.properties) return fields(schema);
  if (schema.type === "object") return "Record<string, unknown>";
  return { string: "string", boolean: "boolean", null: "null" }[schema.type] ?? "unknown";
}

function fields(schema) {
  const lines = Object.entries(schema.properties ?? {}).map(([name, value]) => {
    const key = /^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name);
    return `  ${key}${schema.required?.includes(name) ? "" : "?"}: ${type(value)};`;
  });
  return `{\n${lines.join("\n")}\n}`;
}

const JSON_TYPE = "application/json";

/** The parameters of one kind as a field of an operation, if it has some. */
function parameters(all, kind) {
  const own = all.filter((each) => each.in === kind);
  if (!own.length) return `${kind}?: never`;
  const needed = own.some(({ required }) => required);
  const each = own.map(({ name, required, schema }) => `${name}${required ? "" : "?"}: ${type(schema)}`);
  return `${kind}${needed ? "" : "?"}: { ${each.join("; ")} }`;
}

/** An operation in the shape that openapi-fetch reads. */
function operation({ parameters: all = [], requestBody, responses }) {
  const shape = (content) => `{ content: { "${JSON_TYPE}": ${type(content?.[JSON_TYPE]?.schema ?? {})} } }`;
  const answers = Object.entries(responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([status, { content }]) => `${status}: ${content?.[JSON_TYPE] ? shape(content) : "{ content?: never }"}`);
  return `{
      parameters: { ${parameters(all, "query")}; ${parameters(all, "path")} };
      requestBody${requestBody?.required ? `: ${shape(requestBody.content)}` : requestBody ? `?: ${shape(requestBody.content)}` : "?: never"};
      responses: { ${answers.join("; ")}; default: { content: { "${JSON_TYPE}": Problem } } };
    }`;
}

/** Every path with its methods. */
function paths(openapi) {
  const METHODS = ["get", "post", "put", "patch", "delete"];
  const each = Object.entries(openapi.paths)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, item]) => {
      const own = METHODS.filter((method) => item[method]).map(
        (method) => `    ${method}: ${operation(item[method])};`,
      );
      return `  ${JSON.stringify(path)}: {\n${own.join("\n")}\n  };`;
    });
  return `export interface paths {\n${each.join("\n")}\n}`;
}

/** Both files by their names. */
export function generate() {
  const openapi = JSON.parse(run("-m", "mediafetcher.api.openapi"));
  const codes = JSON.parse(
    run("-c", "import json; from mediafetcher.core import errors; print(json.dumps(errors.all_codes()))"),
  );
  const shapes = Object.entries(openapi.components.schemas)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `export type ${name} = ${type(schema)};`);
  const asked = paths(openapi);
  const used = Object.keys(openapi.components.schemas).filter((name) => new RegExp(`\\b${name}\\b`).test(asked));
  const head = "// Made by tools/api-types.mjs (npm run api): do not edit.\n";
  return {
    "types.ts": `${head}\n${shapes.join("\n\n")}\n
/** Every code that an error of the server may have. */
export const CODES = ${JSON.stringify(codes, null, 2)} as const;

export type Code = (typeof CODES)[number];\n`,
    "paths.ts": `${head}import type {\n${used
      .sort()
      .map((name) => `  ${name},\n`)
      .join("")}} from "./types";\n
/** The requests that the server knows. */
${asked}\n`,
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  for (const [name, text] of Object.entries(generate()))
    writeFileSync(new URL(`../src/api/${name}`, import.meta.url), text);
