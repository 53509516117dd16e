import { expect, it } from "vitest";
import { newSessionId, SESSION_ID } from "./session_id";

it("is herder- and five of a-z0-9", () => {
  expect(SESSION_ID).toMatch(/^herder-[a-z0-9]{5}$/);
  expect(newSessionId(Uint8Array.of(0, 25, 26, 35, 36))).toBe("herder-az09a");
});
