// Numbers as people read them.

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes in binary units: no decimals from 100 up, one from 10, else two; whole bytes below 1 KiB. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < BINARY.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : significant(value)} ${BINARY[unit]}`;
}

/** MiB, as samples of the machine count, in binary units. */
export function mebibytes(count: number): string {
  return bytes(count * 1024 * 1024);
}

/** Tokens in decimal units, rounded: 65536 is `66K`, 1500000 is `1.5M`. */
export function tokens(count: number): string {
  if (count < 1000) return String(count);
  if (count < 999_500) return `${Math.round(count / 1000)}K`;
  const millions = count / 1_000_000;
  return `${millions < 10 ? trimmed(millions.toFixed(1)) : Math.round(millions)}M`;
}

/** A count with separators between thousands. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** Per second, two decimals; a negative number means unknown. */
export function perSecond(value: number | null | undefined): string {
  return value === null || value === undefined || value < 0 ? "–" : `${value.toFixed(2)} t/s`;
}

/** Percent without decimals. */
export function percent(value: number): string {
  return `${Math.round(value)} %`;
}

function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

function trimmed(text: string): string {
  return text.replace(/\.0$/, "");
}
