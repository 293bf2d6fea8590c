// The number of files that this process may open.
import { readFileSync } from 'node:fs';

/** The hard limit of open files, to which Node raises the soft limit; undefined if there is no limit or it is unknown. */
export function openFilesLimit(): number | undefined {
  const hard = process.platform === 'linux' ? fromProc() : fromReport();
  return hard !== undefined && Number.isInteger(hard) && hard > 0 ? hard : undefined;
}

function fromProc(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]);
  } catch {
    return undefined;
  }
}

/** Without its part about the network, for which Node would look up the names of all peers. */
function fromReport(): number | undefined {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { userLimits } = report.getReport() as {
      userLimits?: { open_files?: { hard?: number | string } };
    };
    return Number(userLimits?.open_files?.hard);
  } finally {
    report.excludeNetwork = before ?? false;
  }
}
