// The configurations of the browser tests, and what their placeholders stand for.

import { fileURLToPath } from "node:url";

const MODEL_SERVER = fileURLToPath(new URL("./model_server.js", import.meta.url));

/** The fixture of spec/http-api.md 7.0: `@MODEL@` is a command that starts a scripted model server, `@PEERS@` the address of one that plays
 *  both peers. */
const ACCEPTANCE = `
captureBuffer: 5
models:
  orca-7b:
    cmd: "@MODEL@"
    name: " Orca "
    aliases: [chatty]
    concurrencyLimit: 2
    filters:
      stripParams: "temperature, meta.tag"
      setParams: {top_p: 0.9, model: x}
      setParamsByID: {orca-think: {top_p: 0.1, reasoning.effort: high}}
  vega/coder-32b:
    cmd: "@MODEL@"
    useModelName: vega-q4
    metadata: {tier: gold}
    capabilities: {in: [text, image], out: [text], tools: true, context: 65536}
  scribe: {cmd: "@MODEL@", useModelName: scribe-v3, unlisted: true}
  lynx-7b: {cmd: "@MODEL@", compat: {ignoreWebsockets: true}}
  broken: {cmd: "false", proxy: "http://127.0.0.1:9"}
  slowpoke: {cmd: "@MODEL@ --ready-after 3000", sendLoadingState: true}
  comfyui_auto: {cmd: "@MODEL@"}
groups: {duo: {swap: false, members: [orca-7b, lynx-7b]}}
peers:
  attic: {proxy: "http://@PEERS@/base", apiKey: peer-secret, models: [nova-70b, shared-x, org/moon], filters: {stripParams: seed}}
  cellar: {proxy: "http://@PEERS@", models: [shared-x]}
selectors:
  pool: {strategy: spillover, targets: [orca-7b, lynx-7b], settings: {spillover: 1}, name: Pool}
  hot: {strategy: warm, targets: [orca-7b, lynx-7b]}
  front: {strategy: pin, targets: [orca-think, attic/nova-70b]}
  secret-sel: {strategy: pin, targets: [orca-7b], unlisted: true}
profiles:
  nightly: {description: after hours, pins: {default-llm: orca-think, banned: , vega/coder-32b: lynx-7b, via-sel: front}}
`;

export interface Placeholders {
  /** Where the model servers find their scripts and leave what they received. */
  folder: string;
  /** Host and port of the server that plays the peers. */
  peers: string;
  /** The herder program, for demo models. */
  program: string;
  /** First port of the model servers. */
  startPort: number;
}

/** The text of a configuration: of the one called `acceptance`, or of a text of the test's own, with its placeholders filled in.
 *  Without a `startPort` of its own it gets the one that is free. */
export function configuration(text: string, filled: Placeholders): string {
  const source = text === "acceptance" ? ACCEPTANCE : text;
  const model = `'${process.execPath}' '${MODEL_SERVER}' --folder '${filled.folder}' --id '\${MODEL_ID}' --port \${PORT}`;
  const whole = source
    .replaceAll("@MODEL@", () => model)
    .replaceAll("@PEERS@", filled.peers)
    .replaceAll("@HERDER@", () => filled.program);
  return /^startPort:/m.test(whole) ? whole : `startPort: ${filled.startPort}\n${whole}`;
}

/** The command of the server that plays the peers. */
export function peersCommand(folder: string, port: number): string[] {
  return [MODEL_SERVER, "--folder", folder, "--id", "peers", "--port", String(port)];
}
