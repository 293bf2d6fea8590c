// Where a daemon of this user may be: the one list that every command looks through.
import { candidateSocketPaths, defaultSocketPath, endpointAt } from '../../endpoint/default-path.js';
import { ORIGINAL_SOCKET } from '../../protocol/endpoints.js';
import { onWindows } from '../terminal/system-words.js';
import { stateDirectory } from '../../supervisor/state/paths.js';

/** The socket that --socket or BUNCTL_SOCKET names: then there is no other place. Undefined if neither does. */
export function namedSocket(socket: string | undefined): string | undefined {
  return socket ?? (process.env['BUNCTL_SOCKET'] ? defaultSocketPath() : undefined);
}

/** The sockets that the rule gives, or only the one that was named. */
export function rulePlaces(socket: string | undefined): string[] {
  return socket === undefined ? candidateSocketPaths() : [endpointAt(socket)];
}

/**
 * Places of a daemon that the rule does not give here. One is the place that a daemon with the same state directory has
 * written down: it was started with another TMPDIR, for example. The other is the place of the original. None if a
 * socket was named.
 */
export async function otherPlaces(socket: string | undefined): Promise<string[]> {
  if (namedSocket(socket) !== undefined) return [];
  const { listeningPath } = await import('../../supervisor/state/left-behind.js');
  const rule = candidateSocketPaths();
  const original = onWindows ? undefined : ORIGINAL_SOCKET;
  return [...new Set([await listeningPath(defaultSocketPath()), original])].filter(
    (place): place is string => place !== undefined && !rule.includes(place),
  );
}

/** The state directory of the daemon that listens, or would listen, on a socket that was named or on the rule's place. */
export const stateOf = (socket: string | undefined): string =>
  stateDirectory(endpointAt(socket ?? defaultSocketPath()));
