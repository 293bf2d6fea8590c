// A fake daemon. It keeps the requests, and answers as the test says, so that commands can be tested against any daemon.
import { IpcServer } from 'bunctl-ipc';
import type { IpcConnection } from 'bunctl-ipc';
import type { IpcMessage, IpcResponse } from 'bunctl-ipc/protocol';
import { onTestFinished } from 'vitest';
import { VERSION } from '#dist/version.js';
import { orFail } from '../support/or-fail.js';

/** A request's answer, or undefined for none; `connection` is for events, and for its end. */
export type Answer = (
  message: IpcMessage,
  connection: IpcConnection,
) => IpcResponse | undefined | Promise<IpcResponse | undefined>;

export interface FakeDaemon {
  /** Every request, in the order in which they came. */
  readonly asked: IpcMessage[];
  close(): Promise<void>;
}

export const data = (content: unknown, more: object = {}): IpcResponse => {
  const answer = { data: content, ...more };
  return { Data: answer };
};

export const success = (message: string, more: object = {}): IpcResponse => {
  const answer = { message, ...more };
  return { Success: answer };
};

export const refusal = (message: string): IpcResponse => ({ Error: { message } });

/** What a daemon of this version tells of itself in each answer. */
export const itself = (more: object = {}) => ({
  daemon: { version: VERSION, pid: process.pid, socket: '/run/s', state: '/state', started_at: 0, ...more },
});

/** An app's status as a daemon tells it. */
export const status = (name: string, more: object = {}) => ({
  name,
  state: 'Running',
  pid: 4242,
  restarts: 0,
  auto_start: false,
  command: 'sleep',
  args: ['1000'],
  cwd: '/srv',
  restart_policy: 'OnFailure',
  last_exit_code: null,
  last_exit_signal: null,
  last_exit_unknown: false,
  uptime_seconds: 5,
  max_memory: null,
  max_restart_attempts: null,
  backoff_exhausted: false,
  env: {},
  memory_bytes: 1024 * 1024,
  cpu_percent: 0.5,
  ...more,
});

/** Listens on a socket until the test ends. */
export async function fakeDaemon(socket: string, answer: Answer): Promise<FakeDaemon> {
  const server = await IpcServer.bind(socket);
  const asked: IpcMessage[] = [];
  const connections = new Set<IpcConnection>();
  const serve = async (connection: IpcConnection): Promise<void> => {
    connections.add(connection);
    try {
      for await (const message of connection) {
        asked.push(message);
        const response = await answer(message, connection);
        if (response) await connection.send(response);
      }
    } catch {
      // The client has gone in the middle of something; that is its affair.
    } finally {
      connections.delete(connection);
    }
  };
  const serving = (async () => {
    for await (const connection of server) serve(connection).catch(orFail);
  })();
  const close = async (): Promise<void> => {
    for (const connection of connections) connection.close().catch(orFail);
    await server.close();
    await serving;
  };
  onTestFinished(close);
  return { asked, close };
}
