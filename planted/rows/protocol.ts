// Faults in frames, messages and names.
import type { Row } from '../fault.js';

export const PROTOCOL: readonly Row[] = [
  {
    row: 'any chunking of the stream',
    faults: [
      {
        fault: 'a frame whose pieces are joined begins at the beginning of its first piece',
        file: 'protocol/frames.js',
        text: 'piece.subarray(this.#offset, this.#offset + count - filled)',
        replacement: 'piece.subarray(0, count - filled)',
        test: 'protocol/frames',
        title: 'yields the same payloads however the stream is cut',
      },
      {
        fault: 'memory for a payload is taken when its header has come',
        file: 'protocol/frames.js',
        text: 'this.#length = length;',
        replacement: 'this.#length = length;\nthis.memory = Buffer.alloc(length);',
        test: 'protocol/frames',
        title: 'allocates nothing from a header alone',
      },
    ],
  },
  {
    row: 'messages are accepted and refused',
    faults: [
      {
        fault: 'a second key beside the kind is ignored',
        file: 'protocol/messages.js',
        text: 'throw invalid(`a ${what} has exactly one key, this has more`);',
        replacement: 'break;',
        test: 'protocol/messages',
        title: 'is refused: exactly one key, this has more',
      },
      {
        fault: 'a field that is left out stays out, and is not null',
        file: 'protocol/messages.js',
        text: 'const optionalText = text.nullish().transform((value) => value ?? null);',
        replacement: 'const optionalText = text.nullish();',
        test: 'protocol/messages',
        title: '{"Status":{}} is accepted as {"Status":{"name":null}}',
      },
      {
        fault: 'fields in an array are refused',
        file: 'protocol/messages.js',
        text: 'if (!Array.isArray(content))\n        return content;',
        replacement: 'return content;',
        test: 'acceptor/wire',
        title: 'accepts the other forms that the original accepts',
      },
    ],
  },
  {
    row: 'an `Error` carries a code of the one table',
    faults: [
      {
        fault: 'a code is not in the table',
        file: 'protocol/errors.js',
        text: "    COMMAND_TIMEOUT: 'a command ran past its deadline',\n",
        replacement: '',
        test: 'protocol/errors',
        title: 'has every code that the source uses',
      },
      {
        fault: 'a code has another meaning than in protocol.md',
        file: 'protocol/errors.js',
        text: "'the daemon did not start in time'",
        replacement: "'the daemon did not start'",
        test: 'protocol/errors',
        title: 'is in docs/protocol.md as it is in the code',
      },
      {
        fault: 'an error that has no code is sent without one',
        file: 'protocol/responses.js',
        text: "code: usable ? code : 'COMMAND_FAILED'",
        replacement: '...(usable && { code })',
        test: 'client/errors',
        title: 'has a code, whatever part of the daemon writes it',
      },
    ],
  },
  {
    row: 'every entry point exports the names of api.md',
    faults: [
      {
        fault: 'a name is not exported',
        file: 'index.js',
        text: 'export { defaultSocketPath, socketPathOf }',
        replacement: 'export { defaultSocketPath }',
        test: 'package/exports',
        title: 'bunctl-ipc: what is exported is what docs/api.md describes',
      },
      {
        fault: 'a name is exported that api.md does not have',
        file: 'index.d.ts',
        text: 'export { defaultSocketPath, socketPathOf }',
        replacement: 'export { defaultSocketPath, socketPathOf, candidateSocketPaths }',
        test: 'package/exports',
        title: 'bunctl-ipc: what is exported is what docs/api.md describes',
      },
    ],
  },
  {
    row: "every platform's endpoint rule",
    faults: [
      {
        fault: 'a relative XDG_RUNTIME_DIR is used',
        file: 'protocol/endpoints.js',
        text: "env['XDG_RUNTIME_DIR']?.startsWith('/')",
        replacement: "env['XDG_RUNTIME_DIR']",
        test: 'protocol/endpoints',
        title: 'or relative',
      },
      {
        fault: 'a path of macOS may be as long as one of Linux',
        file: 'protocol/endpoints.js',
        text: "platform === 'darwin' || platform.endsWith('bsd') ? 103 : 107",
        replacement: '107',
        test: 'protocol/endpoints',
        title: 'on darwin a path of 103 bytes fits',
      },
      {
        fault: 'on Windows a named daemon has its place in the folder of the process manager',
        file: 'protocol/endpoints.js',
        text: 'windowsPlaces(around).named',
        replacement: 'windowsPlaces(around).bunctl',
        test: 'protocol/endpoints',
        title: 'the endpoint of a name',
      },
    ],
  },
];
