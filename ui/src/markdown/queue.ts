// Formatting is done between frames, in small bites, so that the page answers while long chats are opened and while answers come in. A
// hidden page has no frames, and so does no work.

/** Milliseconds of a frame that formatting may take before it lets the page breathe. */
const BITE = 8;
/** A bite that took longer than it should is followed by this many times its length of rest. */
const REST = 2;

const waiting = new Map<object, () => void>();
let scheduled = false;
let restUntil = 0;

/** Does `work` soon. Later work of the same owner takes its place: so what grows is formatted at most once per frame. */
export function formatSoon(owner: object, work: () => void): void {
  waiting.set(owner, work);
  schedule();
}

/** Forgets the work of an owner that is gone. */
export function forget(owner: object): void {
  waiting.delete(owner);
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(run);
}

function run(): void {
  scheduled = false;
  const start = performance.now();
  if (start >= restUntil) {
    for (const [owner, work] of waiting) {
      waiting.delete(owner);
      work();
      if (performance.now() - start > BITE) break;
    }
    const spent = performance.now() - start;
    restUntil = spent > 2 * BITE ? start + spent * (1 + REST) : 0;
  }
  if (waiting.size > 0) schedule();
}
