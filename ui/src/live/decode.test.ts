import { expect, it } from "vitest";
import { decode } from "./decode";

const table: [string, unknown][] = [
  ['{"type":"activity","data":"{\\"id\\":3}"}', { type: "activity", data: { id: 3 } }],
  ['{"type":"modelStatus","data":"[]"}', { type: "modelStatus", data: [] }],
  ['{"type":"tomorrow","data":"{}"}', null],
  ['{"type":"activity","data":{"id":3}}', null],
  ['{"type":"activity","data":"{"}', null],
  ["nonsense", null],
  ["null", null],
];
it.each(table)("%s", (frame, event) => {
  expect(decode(frame)).toEqual(event);
});
