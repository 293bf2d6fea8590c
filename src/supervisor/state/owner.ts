// One daemon owns a state directory: two would each start the same apps.
import { lockEndpoint } from '../../endpoint/lock.js';
import { IpcError } from '../../protocol/errors.js';
import { listeningPath } from './left-behind.js';
import { stateFiles } from './paths.js';

/**
 * Makes this process the owner of a state directory for its whole life. Two daemons on different sockets can come by
 * the same one, for example when the socket's directory was removed and made anew.
 *
 * @throws {IpcError} `ENDPOINT_IN_USE` when another daemon owns it.
 */
export async function ownState(directory: string, socketPath: string): Promise<void> {
  try {
    await lockEndpoint(stateFiles(directory).lock);
  } catch (cause) {
    if (!(cause instanceof IpcError) || cause.code !== 'ENDPOINT_IN_USE') throw cause;
    throw new IpcError(
      'ENDPOINT_IN_USE',
      `A daemon of yours runs on ${listeningPath(socketPath) ?? socketPath} already and keeps its apps in ${directory}; stop it first, or give this one a path with --socket`,
      { cause },
    );
  }
}
