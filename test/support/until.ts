// Waits for a condition with a deadline, instead of for a time.

/** The longest pause between two looks, in ms. Many looks are requests, which take the time that is waited for. */
const LONGEST_PAUSE = 50;

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadline = 120_000,
): Promise<void> {
  const end = performance.now() + deadline;
  for (let pause = 2; !(await condition()); pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
