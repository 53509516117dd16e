import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Pace } from "./pace";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("works at once, then once per pause, and not for nothing", () => {
  const run = vi.fn();
  const pace = new Pace(run, 1000);
  pace.ask();
  expect(run).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 50; i += 1) pace.ask();
  expect(run).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(run).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5000);
  expect(run).toHaveBeenCalledTimes(2);
  pace.ask();
  expect(run).toHaveBeenCalledTimes(3);
});

it("does nothing more once it is stopped", () => {
  const run = vi.fn();
  const pace = new Pace(run, 1000);
  pace.ask();
  pace.ask();
  pace.stop();
  vi.advanceTimersByTime(5000);
  expect(run).toHaveBeenCalledTimes(1);
});
