import { expect, it } from "vitest";
import type { LastFailure } from "../../api/schema";
import { ApiError } from "../../api/error";
import { failureOf, failureOfLast, TAIL_LINES } from "./failure";

const last: LastFailure = {
  at: "2026-11-23T15:00:00.000Z",
  reason: "upstream command exited prematurely",
  status: "exit status 3",
  log_tail: ["loading", "no such file"],
  failures_in_a_row: 3,
  next_attempt_at: "2026-11-23T15:01:00.000Z",
};
const nextAttempt = Date.parse("2026-11-23T15:01:00.000Z");

it("splits the server's text into reason and log", () => {
  const message = "unspecific error: upstream command exited prematurely (model broken, exit status 3); last output:\na\nb; last output:\nc";
  expect(failureOf(new ApiError(502, message), null)).toEqual({
    reason: "upstream command exited prematurely (model broken, exit status 3)",
    tail: ["a", "b; last output:", "c"],
    inARow: 0,
    nextAttempt: null,
  });
});
it("takes what the answer does not say from what herder remembers", () => {
  expect(failureOf(new ApiError(503, "too many requests are waiting"), last)).toEqual({
    reason: "too many requests are waiting", tail: last.log_tail, inARow: 3, nextAttempt,
  });
});
it("names the exit status of what herder remembers once", () => {
  expect(failureOfLast(last)).toEqual({
    reason: "upstream command exited prematurely (exit status 3)", tail: last.log_tail, inARow: 3, nextAttempt,
  });
  expect(failureOfLast({ ...last, reason: "died: exit status 3" }).reason).toBe("died: exit status 3");
  expect(failureOfLast({ ...last, status: null, next_attempt_at: null })).toMatchObject({ reason: last.reason, nextAttempt: null });
});
it("shows the end of a long log", () => {
  const log_tail = Array.from({ length: TAIL_LINES + 5 }, (_, line) => String(line));
  expect(failureOfLast({ ...last, log_tail }).tail).toEqual(log_tail.slice(5));
});
