// Faults in the client and in the transport of the original's API.
import type { Row } from '../fault.js';

export const CLIENT: readonly Row[] = [
  {
    row: 'the client: nothing stays pending',
    faults: [
      {
        fault: 'the client forgets a request that was given up, and not its answer',
        file: 'client/requests.js',
        text: 'const pending = this.#pending.shift();',
        replacement:
          'let pending = this.#pending.shift();\n        while (pending && !pending.caller && !pending.onAnswer)\n            pending = this.#pending.shift();',
        test: 'client/client',
        title: 'a timeout rejects one request, and its late answer goes to nobody',
      },
      {
        fault: 'a subscription does not hear of the end of the connection',
        file: 'client/connection.js',
        text: 'this.#route.over(error);',
        replacement: '',
        test: 'client/client',
        title: 'all pending reject when the daemon ends the stream',
      },
      {
        fault: 'requests without an answer do not hear of the end of the connection',
        file: 'client/connection.js',
        text: 'this.#requests.rejectAll(error);',
        replacement: '',
        test: 'client/client',
        title: 'all pending reject when the client is closed',
      },
      {
        fault: 'the owner of a socket is looked at only before the connection is made',
        file: 'client/connect.js',
        text: 'checkTrust(path);\n        return socket;',
        replacement: 'return socket;',
        test: 'client/connect',
        title: 'a socket that becomes another user’s while it is connected to is refused',
      },
      {
        fault: 'listeners stay at a signal',
        file: 'abort.js',
        text: "signal.removeEventListener('abort', callAll);",
        replacement: '',
        test: 'client/signals',
        title: 'a signal keeps no listener of a request or subscription that is over',
      },
    ],
  },
  {
    row: 'the client: received + told = matched',
    faults: [
      {
        fault: 'a notice that the client drops is lost',
        file: 'client/event-buffer.js',
        text: 'this.#untold += droppedIn(event);',
        replacement: '',
        test: 'client/accounting',
        title: 'with a daemon in memory',
      },
      {
        fault: 'events that the client drops are not counted',
        file: 'client/event-buffer.js',
        text: 'this.#untold += 1;\n                dropped += 1;',
        replacement: 'this.#untold += 1;',
        test: 'client/accounting',
        title: 'with a daemon in memory',
      },
      {
        fault: 'notices of the daemon count as received',
        file: 'client/subscription.js',
        text: 'if (event.event_type === DROPPED_EVENT_TYPE)',
        replacement: 'if (false)',
        test: 'client/accounting',
        title: 'with a real daemon that drops for a reader that pauses',
      },
    ],
  },
  {
    row: 'the client: what was sent is done after `close()`',
    faults: [
      {
        fault: 'close() cuts the connection',
        file: 'client/connection.js',
        text: "this.#end(closed('The client closed the connection'), this.#requests.length > 0);",
        replacement: "this.#end(closed('The client closed the connection'));",
        test: 'client/closing',
        title: 'close() lets the daemon do what it was sent',
      },
      {
        fault: 'send() resolves before the kernel has the bytes',
        file: 'client/connection.js',
        text: 'return new Promise((resolve, reject) => this.#outgoing.write(frame,',
        replacement: 'return new Promise((resolve, reject) => resolve() ?? this.#outgoing.write(frame,',
        test: 'client/closing',
        title: 'send() resolves when the kernel has the bytes',
      },
    ],
  },
  {
    row: 'the transport: nothing that a client does is thrown',
    faults: [
      {
        fault: 'a malformed message is thrown into the loop',
        file: 'transport/connection.js',
        text: "const clients = code === 'MESSAGE_INVALID' || code === 'FRAME_TOO_LARGE';",
        replacement: "const clients = code === 'FRAME_TOO_LARGE';",
        test: 'transport/loop',
        title: 'answers a malformed message with an Error, in its turn, and goes on',
      },
      {
        fault: 'the end of a client is thrown into the loop',
        file: 'transport/connection.js',
        text: "if (code === 'CONNECTION_CLOSED' || code === 'FRAME_TRUNCATED')",
        replacement: "if (code === 'CONNECTION_CLOSED')",
        test: 'transport/loop',
        title: 'ends quietly when the client ends it within a frame',
      },
      {
        fault: 'a loop that is left waits for the client’s end',
        file: 'transport/connection.js',
        text: 'leave: () => Promise.race([this.#flushed, this.close()]),',
        replacement: 'leave: () => this.close(),',
        test: 'transport/loop',
        title: 'that is left by return() while it waits ends at once',
      },
      {
        fault: 'a malformed message is thrown into the loop',
        file: 'transport/connection.js',
        text: "const clients = code === 'MESSAGE_INVALID' || code === 'FRAME_TOO_LARGE';",
        replacement: "const clients = code === 'FRAME_TOO_LARGE';",
        test: 'transport/readme',
        title: 'serves several clients at once, also one that sends an invalid message',
      },
    ],
  },
];
