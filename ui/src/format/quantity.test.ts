import { expect, it } from "vitest";
import { bytes, count, mebibytes, percent, perSecond, tokens } from "./quantity";

it.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.00 KiB"],
  [24 * 1024 ** 3, "24.0 GiB"],
  [128 * 1024 ** 3, "128 GiB"],
  [5000 * 1024 ** 4, "5000 TiB"],
])("bytes %d", (value, text) => expect(bytes(value)).toBe(text));

it.each([
  [512, "512"],
  [4096, "4K"],
  [65_536, "66K"],
  [131_072, "131K"],
  [999_600, "1M"],
  [1_500_000, "1.5M"],
])("tokens %d", (value, text) => expect(tokens(value)).toBe(text));

it("others", () => {
  expect(mebibytes(2048)).toBe("2.00 GiB");
  expect(count(1_234_567)).toBe("1,234,567");
  expect(perSecond(33.1)).toBe("33.10 t/s");
  expect(perSecond(-1)).toBe("–");
  expect(perSecond(undefined)).toBe("–");
  expect(percent(12.6)).toBe("13 %");
});
