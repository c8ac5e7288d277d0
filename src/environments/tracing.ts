import type { FunctionVersion } from '../model/index.ts';
import type { SandboxDatagramListener } from '../sandbox/index.ts';
import type { InvocationRun } from './invocation-run.ts';
import type { EnvironmentServices } from './services.ts';

/** The X-Ray daemon's address inside, as on AWS. */
const DAEMON = { transport: 'udp', host: '169.254.100.1', port: 2_000 } as const;

/** What tracing does in one environment whose version has it Active. */
export interface EnvironmentTracing {
  readonly daemon: SandboxDatagramListener;
  /** Gives the run its trace. */
  begin(run: InvocationRun): void;
  /** For a run that is reported. */
  end(run: InvocationRun): void;
}

/** Undefined where the version is not traced, so that nothing of it is on the path of its invocations. */
export function tracingOf(
  version: FunctionVersion,
  { tracer, clock }: Pick<EnvironmentServices, 'tracer' | 'clock'>,
): EnvironmentTracing | undefined {
  if (!tracer || version.tracingMode !== 'Active') return undefined;
  return {
    daemon: { ...DAEMON, onDatagram: (datagram) => tracer.receive(version, datagram) },
    begin: (run) => {
      run.trace = tracer.begin(version, run.invocation.traceHeader);
    },
    end: ({ trace, invocation, startedMs, endedMs, initMs, verdict }) => {
      if (!trace) return;
      const epochMs = clock.nowMs() - clock.monotonicMs();
      tracer.end({
        trace,
        version,
        requestId: invocation.requestId,
        invokedFunctionArn: invocation.invokedFunctionArn,
        startMs: epochMs + startedMs,
        endMs: epochMs + endedMs,
        initMs,
        failed: verdict.status !== 'success',
      });
    },
  };
}
