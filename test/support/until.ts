// Waits for a condition with a deadline, instead of for a time.
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadline = 120_000,
): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
