// A daemon whose every byte the test writes, and the messages that are sent to and by it.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { IpcClient, type ConnectOptions } from 'bunctl-ipc/client';
import { onTestFinished } from 'vitest';
import { ownEndpoint } from '../support/daemon.js';
import { frame, FrameReader } from '../support/raw-client.js';
import { until } from '../support/until.js';

/** A daemon that says and does what the test writes, and keeps what it is sent. */
export class Script {
  readonly requests: unknown[] = [];
  readonly socket: Promise<Socket>;
  readonly path: string;
  readonly listening: Promise<unknown>;

  constructor() {
    this.path = ownEndpoint();
    const server = createServer({ allowHalfOpen: true });
    server.listen(this.path);
    this.listening = once(server, 'listening');
    onTestFinished(() => void server.close());
    this.socket = once(server, 'connection').then(([socket]) => {
      const reader = new FrameReader();
      (socket as Socket).on('data', (chunk) => {
        this.requests.push(...reader.push(chunk));
      });
      // As a daemon that has nothing to answer does: a client that closes is not kept waiting.
      (socket as Socket).on('end', () => (socket as Socket).end());
      (socket as Socket).on('error', () => undefined);
      onTestFinished(() => void (socket as Socket).destroy());
      return socket as Socket;
    });
  }

  async connect(options?: ConnectOptions): Promise<IpcClient> {
    const client = await IpcClient.connect(this.path, options);
    onTestFinished(() => client.close());
    return client;
  }

  async got(count: number): Promise<unknown[]> {
    await until(() => this.requests.length >= count, `${count} requests`);
    return this.requests;
  }

  async send(...messages: unknown[]): Promise<void> {
    (await this.socket).write(Buffer.concat(messages.map((message) => frame(JSON.stringify(message)))));
  }
}

export const success = (message: string) => ({ Success: { message } });
export const event = (n: number, type = 'log_line') => ({ Event: { event_type: type, data: { n } } });
export const ALL = { AllEvents: { app_name: null } } as const;
export const rejection = (promise: Promise<unknown>): Promise<{ code?: string; message: string }> =>
  promise.then(
    () => ({ message: 'resolved' }),
    (error: unknown) => error as Error,
  );
