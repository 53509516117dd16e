// Where the page of a model's own server is reached through herder.

import { withModel } from "../../api/client";

/** The model that herder serves at a path of its own (spec/http-api.md 1.10). */
const COMFYUI = "comfyui_auto";

/** The path of the server's page. */
export function serverPage(id: string): string {
  return id === COMFYUI ? "/comfyui/" : withModel("/upstream/", id, "/");
}
