import { expect, it } from "vitest";
import { TAB_NAMES, tabOf } from "./tabs";

it.each([
  [null, "chat"],
  ["chat", "chat"],
  ["toString", "chat"],
  ["nothing", "chat"],
])("query %j shows %s", (query, name) => expect(tabOf(query, "chat")).toBe(name));

it("has the chat first", () => expect(TAB_NAMES[0]).toBe("chat"));
