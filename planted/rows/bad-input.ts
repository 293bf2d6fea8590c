// Faults in the answers to what is wrong on the wire.
import type { Row } from '../fault.js';

export const BAD_INPUT: readonly Row[] = [
  {
    row: 'JSON that does not parse',
    faults: [
      {
        fault: 'a second key beside the kind is ignored',
        file: 'protocol/messages.js',
        text: 'throw invalid(`a ${what} has exactly one key, this has more`);',
        replacement: 'break;',
        test: 'fuzz/fuzz',
        title: 'gives the right answer to each of the',
      },
      {
        fault: 'JSON that does not parse is taken for a List',
        file: 'protocol/json.js',
        text: 'return JSON.parse(text);',
        replacement: 'try { return JSON.parse(text); } catch { return "List"; }',
        test: 'acceptor/wire',
        title: 'answers malformed JSON with an Error and goes on',
      },
      {
        fault: 'invalid UTF-8 is replaced',
        file: 'protocol/json.js',
        text: 'fatal: true',
        replacement: 'fatal: false',
        test: 'acceptor/wire',
        title: 'answers invalid UTF-8 with an Error and goes on',
      },
      {
        fault: 'an unknown kind ends the lane that reads it',
        file: 'workers/run/executor.js',
        text: 'catch (thrown) {\n            this.#refuse(entry, thrown);\n            return false;',
        replacement: 'catch (thrown) {\n            throw thrown;',
        test: 'acceptor/wire',
        title: 'answers an unknown variant with an Error and goes on',
      },
      {
        fault: 'a wrong field goes to the handler',
        file: 'protocol/messages.js',
        text: 'throw invalid(`${key}: ${explain(result.error)}`, result.error);',
        replacement: 'return { [key]: content };',
        test: 'acceptor/wire',
        title: 'answers a misshapen variant with an Error and goes on',
      },
      {
        fault: 'a frame of length zero ends the connection',
        file: 'acceptor/connection.js',
        text: 'if (payload === undefined)\n            this.#caughtUp();',
        replacement:
          'if (payload?.byteLength === 0)\n            this.destroy();\n        if (payload === undefined)\n            this.#caughtUp();',
        test: 'acceptor/wire',
        title: 'answers a zero length with an Error and goes on',
      },
      {
        fault: 'a second key beside the kind is ignored',
        file: 'protocol/messages.js',
        text: 'throw invalid(`a ${what} has exactly one key, this has more`);',
        replacement: 'break;',
        test: 'acceptor/wire',
        title: 'answers two keys with an Error and goes on',
      },
    ],
  },
  {
    row: 'more than 1,000 levels of nesting',
    faults: [
      {
        fault: 'a large message is parsed however deep it is',
        file: 'protocol/json.js',
        text: 'payload.byteLength > LARGE && isDeep(payload)',
        replacement: 'false',
        test: 'protocol/messages',
        title: 'a large one with more than 1,000 levels of nesting is refused before it is parsed',
      },
    ],
  },
  {
    row: 'a length above the limit',
    faults: [
      {
        fault: 'the connection ends without an Error',
        file: 'acceptor/connection.js',
        text: 'this.#pipeline.finish(errorFrame(error));',
        replacement: 'this.#pipeline.finish();',
        test: 'fuzz/fuzz',
        title: 'gives the right answer to each of the',
      },
      {
        fault: 'the connection ends without an Error',
        file: 'acceptor/connection.js',
        text: 'this.#pipeline.finish(errorFrame(error));',
        replacement: 'this.#pipeline.finish();',
        test: 'acceptor/wire',
        title: 'refuses an extra byte with an Error and a close',
      },
      {
        fault: 'the Error goes ahead of the answers to earlier commands',
        file: 'acceptor/connection.js',
        text: 'this.#pipeline.finish(errorFrame(error));',
        replacement: 'this.#pipeline.abandon(errorFrame(error));',
        test: 'acceptor/connection',
        title: 'a length above the limit is refused after the answers to the earlier commands',
      },
      {
        fault: 'a length of one byte more is allowed',
        file: 'protocol/frames.js',
        text: 'if (length > this.#maxMessageSize)',
        replacement: 'if (length > this.#maxMessageSize + 1)',
        test: 'acceptor/wire',
        title: 'refuses an extra byte with an Error and a close',
      },
    ],
  },
  {
    row: 'a part of a frame',
    faults: [
      {
        fault: 'the connection ends without an Error',
        file: 'acceptor/connection.js',
        text: 'this.#refuse(lateFrame(frameTimeout));',
        replacement: 'this.destroy();',
        test: 'acceptor/wire',
        title: 'ends a connection with an Error if its frame stays incomplete',
      },
      {
        fault: 'a frame whose length alone has come may take for ever',
        file: 'protocol/frames.js',
        text: 'return this.#buffered > 0 || this.#length !== -1;',
        replacement: 'return this.#buffered > 0;',
        test: 'acceptor/connection',
        title: 'a frame whose length alone has arrived is refused in time too',
      },
      {
        fault: 'silence between frames is refused too',
        file: 'acceptor/frame-clock.js',
        text: 'end() {\n        this.#began = undefined;',
        replacement: 'end() {\n        this.#began = this.#clock.now();',
        test: 'acceptor/connection',
        title: 'a frame that is not complete in time is refused; silence between frames is allowed',
      },
    ],
  },
  {
    row: 'a connection above the limit',
    faults: [
      {
        fault: 'the connection is cut without an Error',
        file: 'refusals.js',
        text: 'socket.end(errorFrame(why));',
        replacement: 'socket.destroy();',
        test: 'acceptor/wire',
        title: 'a connection past the limit is told so and closed',
      },
      {
        fault: 'a client that does not close its half is kept',
        file: 'refusals.js',
        text: 'this.#clock.after(REFUSAL_TIME, () => socket.destroy());',
        replacement: '',
        test: 'acceptor/acceptor',
        title: 'above their limit: up to 16 at once are told why and cut after a second',
      },
    ],
  },
];
