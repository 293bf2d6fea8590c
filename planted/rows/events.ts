// Faults on the way of events, and in the end of a daemon.
import type { Row } from '../fault.js';

const LEAVING = 'this.#mailbox.push({ leaving: writer });';

export const EVENTS: readonly Row[] = [
  {
    row: 'subscribers that read get everything',
    faults: [
      {
        fault: 'the flow waits for nobody',
        file: 'writer/flow.js',
        text: 'return this.#full && !this.#behind;',
        replacement: 'return false;',
        test: 'broker/events',
        title: 'readers that pause get everything',
      },
      {
        fault: 'the flow does not go on when a writer has drained',
        file: 'broker/broker.js',
        text: 'else if (this.#blocking.delete(writer))\n            this.#pump();',
        replacement: 'else\n            this.#blocking.delete(writer);',
        test: 'broker/broker',
        title: 'the flow waits for a full writer, and goes on when it has drained',
      },
    ],
  },
  {
    row: 'delivered + dropped = matched',
    faults: [
      {
        fault: 'a second drop forgets the number of the first',
        file: 'writer/event-queue.js',
        text: 'this.#dropped += dropped;',
        replacement: 'this.#dropped = dropped;',
        test: 'broker/events',
        title: 'a subscriber that stops reading is told the exact number of missed events',
      },
      {
        fault: 'what a writer drops is told, and not counted in the statistics',
        file: 'writer/subscriber.js',
        text: 'this.#tellDropped(this.#events.dropTo(this.#queueBytes));',
        replacement: 'this.#events.dropTo(this.#queueBytes);',
        test: 'broker/broker',
        title: 'delivered + dropped = matched, whoever reads how much when',
      },
    ],
  },
  {
    row: 'a subscriber that does not read holds nobody up',
    faults: [
      {
        fault: 'others wait a second for a subscriber that does not read',
        file: 'broker/stall-watch.js',
        text: 'stall.grace >= this.#grace || ',
        replacement: '',
        test: 'broker/stall-watch',
        title: 'waits 250 ms for a stalled subscriber while another is drained',
      },
      {
        fault: 'the time in which main was late counts against a subscriber',
        file: 'broker/stall-watch.js',
        text: 'return Math.min(this.#clock.now() - this.#lookedAt, 2 * this.#every);',
        replacement: 'return this.#clock.now() - this.#lookedAt;',
        test: 'broker/stall-watch',
        title: 'does not blame a subscriber for a main loop that was late',
      },
      {
        fault: 'the flow waits for a subscriber whom an event is not for',
        file: 'broker/broker.js',
        text: 'return group !== undefined && recipients.has(group);',
        replacement: 'return true;',
        test: 'broker/broker',
        title: 'the flow does not wait for a full subscriber that an event is not for',
      },
    ],
  },
  {
    row: 'no event before `Success`',
    faults: [
      {
        fault: 'events go before the answers that wait',
        file: 'writer/writer.js',
        text: 'if (!this.#responses.empty) {',
        replacement: 'if (!this.#responses.empty && (subscriber === undefined || subscriber.empty)) {',
        test: 'broker/broker',
        title: 'no event goes before the Success of its subscription, even if both are due in one turn',
      },
      {
        fault: 'the events that wait at a Subscribe or Unsubscribe are forgotten',
        file: 'writer/writer.js',
        text: 'for (const piece of subscriber.take(Infinity))\n            this.#enqueue(piece);',
        replacement: 'subscriber.take(Infinity);',
        test: 'broker/broker',
        title: 'a second Subscribe in the middle of a wait loses nothing',
      },
      {
        fault: 'the flow goes on in the middle of an Unsubscribe',
        file: 'broker/broker.js',
        text: 'this.#forget(writer);\n        writer.endSubscription(success);\n        this.#pump();',
        replacement: 'writer.endSubscription(success);\n        this.remove(writer);',
        test: 'broker/broker',
        title: 'no event follows the answer to Unsubscribe, even if the flow waited for that subscriber',
      },
      {
        fault: 'a subscriber that has unsubscribed is sent events',
        file: 'broker/broker.js',
        text: 'this.#forget(writer);\n        writer.endSubscription(success);\n        this.#pump();',
        replacement: 'writer.endSubscription(success);\n        this.#pump();',
        test: 'broker/events',
        title: 'Unsubscribe with a publisher running: no event follows its Success',
      },
    ],
  },
  {
    row: 'a half-closed subscriber, and `close()`, end after what matched before',
    faults: [
      {
        fault: 'a connection ends without the events that matched before',
        file: 'broker/broker.js',
        text: LEAVING,
        replacement: 'writer.left();',
        test: 'broker/broker',
        title: 'a writer that finishes gets every event that was accepted before',
      },
      {
        fault: 'a connection ends when no event comes any more',
        file: 'broker/broker.js',
        text: 'this.#forget(writer);\n            writer.left();',
        replacement: 'if (this.#mailbox.bytes === 0)\n                writer.left();',
        test: 'broker/events',
        title: 'a subscriber that closes its half gets the events that matched before, then the end',
      },
      {
        fault: 'close() cuts streams in the middle of a frame',
        file: 'running-daemon.js',
        text: 'inTime = await waitAtMost(drained, grace, () => acceptor.allSent);',
        replacement: 'acceptor.destroy();',
        test: 'broker/events',
        title: 'close() ends their streams after a whole frame, while events keep flowing',
      },
    ],
  },
  {
    row: 'an exception in one writer',
    faults: [
      {
        fault: 'an exception in a writer reaches the broker',
        file: 'broker/broker.js',
        text: 'this.#guard(writer, () => writer.offer(chunk));',
        replacement: 'writer.offer(chunk);',
        test: 'broker/broker',
        title: 'an exception in one writer ends its connection; the others lose no event',
      },
    ],
  },
  {
    row: 'the hold after Subscribe; heartbeats',
    faults: [
      {
        fault: 'events are not held back for the next command',
        file: 'writer/hold.js',
        text: 'if (!this.#cancel || this.#forCommand)\n            return;',
        replacement: 'return;',
        test: 'writer/hold',
        title: 'waits for the answer of the next command, a second at most',
      },
      {
        fault: 'a heartbeat is sent while a writer waits for its end',
        file: 'writer/writer.js',
        text: 'this.#over || this.#finishing)\n            return;\n        if (this.#clock.now()',
        replacement: 'this.#over)\n            return;\n        if (this.#clock.now()',
        test: 'writer/writer',
        title: 'sends no heartbeat while it waits for the last events before its end',
      },
      {
        fault: 'events are not held back after Subscribe',
        file: 'writer/subscriber.js',
        text: 'this.hold.begin();',
        replacement: '',
        test: 'broker/events',
        title: 'after Subscribe, events wait for the answer to the command that follows',
      },
      {
        fault: 'a heartbeat is sent once, and no further ones',
        file: 'broker/broker.js',
        text: 'this.#guard(writer, () => writer.heartbeat(heartbeat));\n            this.#scheduleHeartbeat();',
        replacement: 'this.#guard(writer, () => writer.heartbeat(heartbeat));',
        test: 'broker/broker',
        title: 'an idle subscriber gets a heartbeat after 20 s of silence',
      },
    ],
  },
  {
    row: '`close()`: what was received whole is answered',
    faults: [
      {
        fault: 'close() waits for no answer',
        file: 'running-daemon.js',
        text: 'const drained = acceptor.drain(stalled).then(() => acceptor.allSent);',
        replacement: 'const drained = Promise.resolve(true);',
        test: 'daemon/daemon',
        title: 'answers what was received whole, stops reading, and removes the socket',
      },
      {
        fault: 'close() is in time when it has cut a client',
        file: 'acceptor/acceptor.js',
        text: 'this.#cut = true;',
        replacement: '',
        test: 'daemon/daemon',
        title: 'cuts a client that does not read what is queued for it, and is not in time then',
      },
      {
        fault: 'close() waits for answers past its grace',
        file: 'running-daemon.js',
        text: 'waitAtMost(drained, grace, () => acceptor.allSent)',
        replacement: 'waitAtMost(drained, Math.max(grace, 60_000), () => acceptor.allSent)',
        test: 'daemon/daemon',
        title: 'ends within its grace though a handler never returns',
      },
      {
        fault: 'a step that fails ends the close',
        file: 'running-daemon.js',
        text: 'const released = claim.release().catch(report);\n        await',
        replacement: 'const released = await claim.release();\n        await',
        test: 'daemon/daemon',
        title: 'answers and ends the rest although the socket’s directory is gone, and logs that',
      },
      {
        fault: 'the lock is kept when the file of the socket cannot be reached',
        file: 'endpoint/claim.js',
        text: 'try {\n            this.#bound?.close();\n        }\n        finally {\n            this.#unlock();\n        }',
        replacement: 'this.#bound?.close();\n        this.#unlock();',
        test: 'endpoint/claim',
        title: 'a release that cannot reach the file gives everything else back and says so',
      },
    ],
  },
];
