// Callers that wait until a condition holds.

export class Condition {
  readonly #holds: () => boolean;
  #waiting: (() => void)[] = [];

  constructor(holds: () => boolean) {
    this.#holds = holds;
  }

  /** Resolves when the condition holds at a {@link look}, or at once if it holds now. */
  met(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.look();
    });
  }

  /** To be called when it may have begun to hold. */
  readonly look = (): void => {
    if (this.#waiting.length === 0 || !this.#holds()) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  };
}
