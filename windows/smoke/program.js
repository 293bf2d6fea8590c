// The smoke test itself, as Node for Windows runs it. Each step says what it has seen, or ends the program with an error.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startDaemon } from 'bunctl-ipc';
import { IpcClient } from 'bunctl-ipc/client';

const CLIENTS = 300;
const PIPELINED = 2000;
const READERS = 20;
const EVENTS = 5000;
const DAEMONS = 10;
const ALL = { AllEvents: { app_name: null } };

const pipe = () => `\\\\.\\pipe\\bunctl-smoke-${randomUUID()}`;
const many = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));
const status = (client, n) => client.request({ Status: { name: String(n) } });

async function step(what, run) {
  const begun = performance.now();
  const seen = await run();
  console.log(`${what}: ${seen} (${Math.round(performance.now() - begun)} ms)`);
}

async function crowd(path) {
  const clients = await many(CLIENTS, () => IpcClient.connect(path, { timeout: 60_000 }));
  const answers = await Promise.all(clients.map(status));
  answers.forEach((answer, n) => assert.deepEqual(answer, { Success: { message: String(n) } }));
  await Promise.all(clients.map((client) => client.close()));
  return `${CLIENTS} clients at once, each with its own answer`;
}

async function pipelining(path) {
  const client = await IpcClient.connect(path);
  const order = [];
  await many(PIPELINED, async (n) => {
    assert.deepEqual(await status(client, n), { Success: { message: String(n) } });
    order.push(n);
  });
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  return `${PIPELINED} requests on one connection, answered in order`;
}

/** Takes events until all are delivered or told as dropped. */
async function read(client, events) {
  let [delivered, dropped] = [0, 0];
  for await (const { event_type: type, data } of events) {
    if (type === 'events_dropped') dropped += data.dropped;
    else delivered += 1;
    if (delivered + dropped === EVENTS) break;
  }
  await client.close();
  return { delivered, dropped };
}

async function subscriber(path) {
  const client = await IpcClient.connect(path, { eventBuffer: 64 * 1024 });
  const events = client.subscribe(ALL);
  await events.ready;
  return [client, events];
}

async function fanOut(path) {
  const reading = (await many(READERS, () => subscriber(path))).map(([client, events]) =>
    read(client, events),
  );
  const stalled = await subscriber(path);
  const publisher = await IpcClient.connect(path);
  const config = JSON.stringify({ count: EVENTS, padding: 1000 });
  await publisher.request({ Start: { name: 'a', config } }, { timeout: 120_000 });
  for (const each of await Promise.all(reading)) assert.deepEqual(each, { delivered: EVENTS, dropped: 0 });
  const { delivered, dropped } = await read(...stalled);
  assert.ok(dropped > 0, 'nothing was dropped');
  await publisher.close();
  return `${READERS} readers got ${EVENTS} each; one that did not read got ${delivered} and was told of ${dropped}`;
}

async function oneOfTen() {
  const path = pipe();
  const program = fileURLToPath(new URL('./daemon.js', import.meta.url));
  const children = Array.from({ length: DAEMONS }, () =>
    spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const exits = children.map((child) => once(child, 'exit'));
  const words = await Promise.all(
    children.map(async ({ stdout }) => (await once(createInterface({ input: stdout }), 'line'))[0]),
  );
  for (const { stdin } of children) stdin.end();
  await Promise.all(exits);
  const count = (word) => words.filter((each) => each === word).length;
  assert.deepEqual([count('listening'), count('ENDPOINT_IN_USE')], [1, DAEMONS - 1], words.join());
  return `one of ${DAEMONS} daemons listens, and ${DAEMONS - 1} say ENDPOINT_IN_USE`;
}

async function closing(daemon, path) {
  const client = await IpcClient.connect(path);
  const running = client.request({ Stop: { name: 'a' } });
  while (daemon.stats().commands.received === daemon.stats().commands.answered)
    await new Promise((resolve) => setTimeout(resolve, 5));
  const closed = daemon.close({ grace: 10_000 });
  assert.deepEqual(await running, { Success: { message: 'stopped a' } });
  assert.equal(await closed, true);
  await assert.rejects(client.request('List'), { code: 'CONNECTION_CLOSED' });
  await assert.rejects(IpcClient.connect(path), { code: 'CONNECT_FAILED' });
  return 'the running command is answered, and nobody is reached afterwards';
}

const path = pipe();
const daemon = await startDaemon({ socketPath: path, commands: new URL('./commands.js', import.meta.url) });
await step('clients', () => crowd(path));
await step('pipelining', () => pipelining(path));
await step('events', () => fanOut(path));
await step('lock', oneOfTen);
await step('close', () => closing(daemon, path));
