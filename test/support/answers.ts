// Answers of a daemon as tests expect them.
import { expect } from 'vitest';

/** The daemon describes itself in each answer. */
export const anyDaemon: unknown = expect.objectContaining({ version: expect.any(String) as string });

export const success = (message: string) => ({ Success: { message, daemon: anyDaemon } });

/** An error with this code and this part of its message. */
export const refusal = (code: string, part: string) => ({
  code,
  message: expect.stringContaining(part) as string,
});
