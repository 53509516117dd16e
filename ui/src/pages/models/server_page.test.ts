import { expect, it } from "vitest";
import { serverPage } from "./server_page";

it.each([
  ["orca", "/upstream/orca/"],
  ["vega/coder 50%?#", "/upstream/vega%2Fcoder%2050%25%3F%23/"],
  ["comfyui_auto", "/comfyui/"],
])("server page of %s", (id, path) => expect(serverPage(id)).toBe(path));
