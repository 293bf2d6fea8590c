// What one connection's writer reports: to whom each report goes.
import type { PipelineContext, PipelineOwner } from './pipeline-context.js';
import type { ResponseWriter, WriterHooks } from './ports.js';

/** @param pump Gives waiting commands to a lane; never throws. */
export function writerReports<W extends ResponseWriter>(
  connectionId: number,
  { tell }: PipelineContext<W>,
  owner: PipelineOwner,
  pump: () => void,
): WriterHooks {
  return {
    onResponsesDrained: pump,
    onBehind: (behind) => tell(behind ? 'subscriber.behind' : 'subscriber.caught-up', { connectionId }),
    onCut() {
      tell('subscriber.cut', { connectionId });
      owner.onCut();
    },
    onFinished: () => owner.onFinished(),
    onBytes: (delta) => owner.onQueuedBytes(delta),
  };
}
