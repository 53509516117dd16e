// Who the person is: the API key, kept for the session of the browser tab and handed to its other tabs by the worker.
//
// sessionStorage rather than localStorage: a key must not outlive the session on a shared computer.

const STORED = "herder-key";

class Session {
  /** The key that requests carry; `null` without one. */
  key = $state<string | null>(read());
  /** herder has refused a request for want of a key, or because of a wrong one. Text for people. */
  refusal = $state<string | null>(null);

  /** Takes a key from the login form, or from another tab. */
  use(key: string | null): void {
    this.key = key;
    this.refusal = null;
    try {
      if (key === null) sessionStorage.removeItem(STORED);
      else sessionStorage.setItem(STORED, key);
    } catch {
      // A browser without storage keeps it as long as the page lives.
    }
  }

  /** Notes that herder wants a key, or another one. */
  refuse(message: string): void {
    this.refusal = message;
  }
}

function read(): string | null {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export const session = new Session();
