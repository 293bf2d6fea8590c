// Bugs that are planted on purpose: the simulation must find each of them.
import type { Change } from './change.js';

export interface Mutation extends Change {
  readonly name: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'claim-ignored',
    file: 'workers/run/executor.js',
    text: 'if (!this.#options.claim(entry.slot, entry.sequence))',
    replacement: 'if (!this.#options.claim(entry.slot, entry.sequence) && false)',
  },
  {
    name: 'slots-without-sequence',
    file: 'workers/lanes/slots.js',
    text: 'this.#sequence = (this.#sequence + 1) % SEQUENCES;',
    replacement: 'this.#sequence = 1;',
  },
  {
    name: 'taken-back-out-of-order',
    file: 'acceptor/pipeline.js',
    text: 'this.#waiting = [...back, ...this.#waiting];',
    replacement: 'this.#waiting = [...this.#waiting, ...back];',
  },
  {
    name: 'events-overtake-answers',
    file: 'writer/writer.js',
    text: 'if (!this.#responses.empty) {',
    replacement:
      'if (!this.#responses.empty && (!subscriber || subscriber.empty || subscriber.hold.active)) {',
  },
  {
    name: 'events-after-unsubscribe',
    file: 'broker/broker.js',
    text: 'this.#forget(writer);\n        writer.endSubscription(success);\n        this.#pump();',
    replacement: 'writer.endSubscription(success);\n        this.remove(writer);',
  },
  {
    name: 'credit-lost',
    file: 'broker/broker.js',
    text: 'release(run.bytes.byteLength)',
    replacement: 'release(run.bytes.byteLength - 1)',
  },
  {
    name: 'drops-told-in-part',
    file: 'writer/event-queue.js',
    text: 'this.#dropped += dropped;',
    replacement: 'this.#dropped = dropped;',
  },
  {
    name: 'dead-lane-not-replaced',
    file: 'workers/lanes/pool.js',
    text: 'this.#refill.run();',
    replacement: '',
  },
  {
    name: 'wake-up-lost',
    file: 'acceptor/dispatcher.js',
    text: 'for (const pipeline of waiting)\n            pipeline.pump();',
    replacement: 'waiting[0]?.pump();',
  },
  {
    name: 'half-close-cuts',
    file: 'acceptor/connection.js',
    text: "// Whole frames before the end are answered; half a frame is nothing.\n        this.#state = 'draining';",
    replacement: 'this.destroy();',
  },
  {
    name: 'answer-to-the-wrong-request',
    file: 'client/requests.js',
    text: 'const pending = this.#pending.shift();',
    replacement:
      'let pending = this.#pending.shift();\nwhile (pending && !pending.caller && !pending.onAnswer) pending = this.#pending.shift();',
  },
  {
    name: 'reads-without-bound',
    file: 'acceptor/connection.js',
    text: 'return this.#pipeline.length < maxInFlight &&',
    replacement: 'return',
  },
  {
    name: 'answers-posted-twice',
    file: 'workers/link/outbox.js',
    text: 'this.#port.postMessage(message, transfer);',
    replacement:
      'this.#port.postMessage(message, transfer);\n        if (message instanceof ArrayBuffer) this.#port.postMessage(message, []);',
  },
  {
    name: 'order-lost-between-tiers',
    file: 'acceptor/lane-window.js',
    text: ' && this.#lanes === lanes',
    replacement: '',
  },
  {
    name: 'claims-of-a-process-unread',
    file: 'workers/link/claim-records.js',
    text: 'this.#shared.claim(slot, bytes.readInt32LE(at + 4));',
    replacement: '',
  },
  {
    name: 'leaves-before-its-events',
    file: 'broker/broker.js',
    text: 'this.#mailbox.push({ leaving: writer });',
    replacement: 'writer.left();',
  },
];
