// One cycle of a soak: clients come, do everything that clients do, and leave in every way.
import { connect } from 'node:net';
import { once } from 'node:events';
import { AnswerError, IpcClient } from 'bunctl-ipc/client';

const CLIENTS = 8;
const EVENTS = 100;
const ALL = { AllEvents: { app_name: null } };

/**
 * @param kill Whether a lane ends in this cycle.
 * @returns The numbers of requests that were answered and of connections that were made.
 */
export async function cycle(path, kill) {
  const answers = await Promise.all([
    ...Array.from({ length: CLIENTS }, () => asks(path)),
    ...Array.from({ length: CLIENTS }, (_, index) => subscribes(path, index)),
    ...Array.from({ length: CLIENTS }, () => vanishes(path)),
  ]);
  if (kill) await killsLane(path);
  return { answered: answers.reduce((sum, count) => sum + count, 0), connected: 3 * CLIENTS + Number(kill) };
}

async function asks(path) {
  const client = await IpcClient.connect(path);
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.request('List')));
  await client.close();
  return answers.length;
}

/** Each second one leaves its subscription in the middle. */
async function subscribes(path, index) {
  const client = await IpcClient.connect(path);
  const subscription = client.subscribe(ALL);
  await subscription.ready;
  const published = client.request({ Logs: { name: null, lines: EVENTS } });
  let seen = 0;
  for await (const { data } of subscription) {
    seen += data.dropped ?? 1;
    if (seen >= (index % 2 === 0 ? EVENTS : EVENTS / 4)) break;
  }
  await published;
  await client.close();
  return 1;
}

/** Subscribes, does not read, and is gone in the middle of a frame. */
async function vanishes(path) {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  const payload = JSON.stringify({ Subscribe: { subscription: ALL } });
  const header = Buffer.alloc(4);
  header.writeUInt32LE(payload.length);
  await new Promise((resolve) =>
    socket.write(Buffer.concat([header, Buffer.from(payload), header]), resolve),
  );
  socket.destroy();
  return 0;
}

async function killsLane(path) {
  const client = await IpcClient.connect(path);
  await client.request({ Stop: { name: 'lane' } }).catch((error) => {
    if (!(error instanceof AnswerError)) throw error;
  });
  await client.close();
}
