// Polls where nothing tells of a change.

/** Calls `look` every so many ms until the returned function is called. Does not keep the process alive. */
export function poll(ms: number, look: () => void): () => void {
  const timer = setInterval(look, ms);
  timer.unref();
  return () => clearInterval(timer);
}
