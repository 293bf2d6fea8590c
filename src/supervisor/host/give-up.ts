// The end of a shutdown in which apps were not stopped in time and were killed: kills what they left behind, if that is wanted.
import type { Logger } from 'pino';
import type { HeldApp } from './held-app.js';
import type { StopPatience } from './stop-patience.js';
import { killSurvivors } from './survivors.js';

export async function giveUp(
  apps: readonly HeldApp[],
  { killsEscaped }: StopPatience,
  log: Logger,
): Promise<void> {
  log.error({ killsEscaped }, 'the apps were not stopped in time and were killed');
  if (!killsEscaped) return;
  await killSurvivors(apps).catch((err: unknown) =>
    log.error({ err }, 'what the apps left behind could not be killed'),
  );
}
