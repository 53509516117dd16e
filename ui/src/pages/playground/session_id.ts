// The id under which the activity of herder groups what this page load has asked for in the playground.

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH = 5;

/** `herder-` and five letters or digits. */
export function newSessionId(random: Uint8Array): string {
  return `herder-${[...random.slice(0, LENGTH)].map((byte) => LETTERS[byte % LETTERS.length]).join("")}`;
}

/** Sent as `X-Session-ID` with every request of the playground. */
export const SESSION_ID = newSessionId(crypto.getRandomValues(new Uint8Array(LENGTH)));
