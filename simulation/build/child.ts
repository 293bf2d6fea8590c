// The program of a child process: what src/workers/process/child.ts does with the globals of a process of its own.
import type { VirtualProcess } from '../virtual/process.js';
import type { Library } from './bundle.js';

type ServiceName = string | { readonly port: string };

/** Starts the program in a child; returns what takes main's messages. */
export function startChild(library: Library, child: VirtualProcess): (message: unknown) => void {
  const { Channel, PORT, RecordedState, RefusedEvents, expose, runIn } = library;
  const channel = new Channel((message) => child.sendToMain(message));
  const openService = (service: unknown) =>
    typeof service === 'string' ? service : channel.open((service as Exclude<ServiceName, string>).port);
  const runLane = (task: Parameters<typeof runIn>[0]): Promise<void> => {
    const out = channel.open(PORT.out);
    return runIn(
      {
        ...task,
        role: 'lane',
        calls: channel.open(PORT.calls),
        out,
      } as Parameters<typeof runIn>[0],
      {
        shared: new RecordedState(child.actor.number),
        refused: (tell) => new RefusedEvents(undefined, tell),
        openService,
      },
    );
  };
  expose(new Map([['run', runLane]]), channel.open(PORT.control));
  return (message) => channel.receive(message);
}
