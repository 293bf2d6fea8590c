// Steps that must all be taken, as in a close: a step that fails is reported and skips none of the others.

/** Takes what a step threw or rejected with; must not throw. */
export type Report = (error: unknown) => void;

/** Takes the steps one after the other, in this turn of the loop. */
export function everyStep(report: Report, ...steps: readonly (() => void)[]): void {
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      report(error);
    }
  }
}

/** Takes the steps one after the other; each may take its time. */
export async function everyStepInTurn(report: Report, ...steps: readonly (() => unknown)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      report(error);
    }
  }
}
