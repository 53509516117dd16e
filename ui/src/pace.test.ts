import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { GAP, Pace } from "./pace";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

it("is at most once a second, and nothing that was asked for is lost", () => {
  const act = vi.fn();
  const pace = new Pace(act);
  for (let count = 0; count < 50; count += 1) pace.ask();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(GAP - 1);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10 * GAP);
  expect(act).toHaveBeenCalledTimes(2);
});

it("does what a person asks for at once, and then not again", () => {
  const act = vi.fn();
  const pace = new Pace(act);
  pace.ask();
  pace.ask();
  pace.now();
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10 * GAP);
  expect(act).toHaveBeenCalledTimes(2);
});

it("forgets when it is stopped", () => {
  const act = vi.fn();
  const pace = new Pace(act);
  pace.ask();
  pace.ask();
  pace.stop();
  vi.advanceTimersByTime(10 * GAP);
  expect(act).toHaveBeenCalledTimes(1);
});
