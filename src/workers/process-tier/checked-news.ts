// Messages of a lane's process are checked before they are believed: its handlers may send what they like.
import { z } from 'zod';
import type { ThreadMessage } from '../link/messages.js';

const count = z.int().min(0);
const buffer = z.instanceof(ArrayBuffer);

const events = z
  .strictObject({
    buffer,
    runs: z.array(
      z.strictObject({
        eventType: z.string(),
        appName: z.string().nullable(),
        count: z.int().min(1),
        bytes: count,
      }),
    ),
  })
  .refine(
    (packed) => packed.runs.reduce((sum, { bytes }) => sum + bytes, 0) === packed.buffer.byteLength,
    'the runs must fill the buffer',
  );

const ms = z.number().min(0);

const news = z.strictObject({
  ready: z.literal(true).optional(),
  answers: buffer.optional(),
  events: events.optional(),
  log: z.string().optional(),
  linesLost: count.optional(),
  refused: count.optional(),
  loopDelay: z.strictObject({ p50: ms, p99: ms, max: ms }).optional(),
});

/**
 * Returns a message of a process if it is one of the protocol.
 *
 * @throws {TypeError} if it is not.
 */
export function checkedNews(message: unknown): ThreadMessage {
  // Answers alone, which are most messages.
  if (message instanceof ArrayBuffer) return message;
  const { success, data, error } = news.safeParse(message);
  if (success) return data as ThreadMessage;
  const [issue] = error.issues;
  throw new TypeError(
    `it sent a message that is not one of the protocol (${issue?.path.join('.')}: ${issue?.message})`,
  );
}
