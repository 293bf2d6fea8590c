// Moves buffers with a message, as a MessagePort does: the sender's buffers are empty afterwards.

/** The message with the transferred buffers moved. Only buffers in plain objects are found, as the actors send them. */
export function transferred(message: unknown, transfer: readonly unknown[]): unknown {
  const moved = new Map<unknown, ArrayBuffer>();
  for (const item of transfer) {
    if (item instanceof ArrayBuffer) moved.set(item, structuredClone(item, { transfer: [item] }));
  }
  return moved.size === 0 ? message : replaced(message, moved);
}

function replaced(value: unknown, moved: ReadonlyMap<unknown, ArrayBuffer>): unknown {
  const buffer = moved.get(value);
  if (buffer) return buffer;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, moved)]));
}
