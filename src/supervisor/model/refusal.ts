// What a client asked for and cannot have, as a sentence for it; anything else that is thrown is a fault of ours.

/** Known by its name, since a class does not survive the way from thread to thread. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Whether that was thrown, in this thread or in another. */
export function isRefusal(thrown: unknown): thrown is Refusal {
  return thrown instanceof Error && thrown.name === 'Refusal';
}
