// How much of one connection may wait for answers. Past that, nothing is read from it.

/** Unanswered request bytes a connection may have beside one message of the largest size. */
export const REQUEST_SLACK = 1024 * 1024;

/**
 * Whether another frame may be taken. Its bytes are counted when it is taken, so one frame may exceed the bound.
 *
 * @param unanswered The commands, and their bytes, that wait for an answer.
 */
export function takesMore(
  unanswered: { readonly length: number; readonly bytes: number },
  { maxInFlight, maxMessageSize }: { readonly maxInFlight: number; readonly maxMessageSize: number },
): boolean {
  return unanswered.length < maxInFlight && unanswered.bytes < maxMessageSize + REQUEST_SLACK;
}
