// Sentences that answers, the daemon's log and its terminal share.
import type { Survivors } from './messages.js';

const processes = (pids: readonly number[]): string =>
  `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`;

/** A sentence, followed by the processes that an app has left behind, since nothing else will end them. */
export function andEscaped(sentence: string, { escaped, ended }: Survivors): string {
  return [
    sentence,
    ...(ended.length > 0 ? [`ended ${processes(ended)}, which it had left behind`] : []),
    ...(escaped.length > 0
      ? [`it has left behind ${processes(escaped)}, which still ${escaped.length === 1 ? 'runs' : 'run'}`]
      : []),
  ].join('; ');
}
