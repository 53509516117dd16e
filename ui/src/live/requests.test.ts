import { expect, it } from "vitest";
import type { OpenRequest } from "../api/schema";
import { age, fold, type Open } from "./requests";

const request = (id: string, second: number) =>
  ({ id, timestamp: `2026-11-23T10:00:0${second}Z`, elapsed_ms: 100 }) as OpenRequest;
const ids = (list: Open[]) => list.map((open) => open.id).join(" ");

it("comes, gets further, goes, in any order", () => {
  let list = fold([], { operation: "snapshot", requests: [request("2", 2)] }, 0);
  list = fold(list, { operation: "upsert", request: request("10", 1) }, 5);
  expect(ids(list)).toBe("10 2");
  list = fold(list, { operation: "remove", id: "7" }, 6);
  list = fold(list, { operation: "upsert", request: { ...request("2", 2), resp_bytes: 9 } }, 7);
  expect(ids(list)).toBe("10 2");
  expect(list[1]).toMatchObject({ resp_bytes: 9, heardAt: 7 });
  expect(age(list[1]!, 57)).toBe(150);
  list = fold(list, { operation: "remove", id: "10" }, 8);
  expect(ids(list)).toBe("2");
  expect(fold(list, { operation: "snapshot" }, 9)).toEqual([]);
});
