// Polls for changes that are not signalled.

/** Calls `look` every `ms` milliseconds until the returned function is called. Does not keep the process alive. */
export function poll(ms: number, look: () => void): () => void {
  const timer = setInterval(look, ms);
  timer.unref();
  return () => clearInterval(timer);
}
