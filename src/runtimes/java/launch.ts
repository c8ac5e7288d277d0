import type { FunctionVersion } from '../../model/index.ts';
import type { InsideView } from '../../sandbox/index.ts';
import type { LaunchFacts } from '../launch.ts';
import type { Machine } from '../machine.ts';
import { clientClassPath, ENTRY_POINT, nativeFlags } from './interface-client.ts';

/** What the heap leaves to the rest of the Java machine. */
const OTHER_SHARE = 0.15;
const OTHER_KIB_MAX = 240 * 1_024;

export interface JavaStart {
  readonly major: string;
  readonly arch: Machine['arch'];
  /** Of shared classes; below `/var/runtime`. */
  readonly archive?: string | undefined;
  readonly version: FunctionVersion;
  readonly inside: InsideView;
  readonly facts: LaunchFacts;
}

/**
 * The arguments of `java`, as AWS's runtimes have them (recorded from functions that printed their own command line).
 * Left out is AWS's patch of old log4j versions.
 */
export function javaArguments(start: JavaStart): readonly string[] {
  const { major, arch, version, inside } = start;
  const runtime = inside.path('/var/runtime');
  return [
    `-XX:MaxHeapSize=${heapKib(version.memoryMiB)}k`,
    '-XX:+UseSerialGC',
    // Java 9 and later warn in the function's log, or refuse, when AWS's client opens its log by descriptor.
    ...(Number(major) >= 9 ? ['--add-opens=java.base/java.io=ALL-UNNAMED'] : []),
    ...(Number(major) >= 17 ? recentFlags(start) : []),
    '-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac',
    ...nativeFlags(runtime, arch),
    ...archiveFlags(start),
    '-classpath',
    [clientClassPath(runtime), ...layerJars(inside)].join(':'),
    ENTRY_POINT,
    version.handler,
  ];
}

/** 445,645 KiB of 512 MB; the share of the rest stops growing at 1,600 MB. */
function heapKib(memoryMiB: number): number {
  const memoryKib = memoryMiB * 1_024;
  return Math.round(memoryKib - Math.min(memoryKib * OTHER_SHARE, OTHER_KIB_MAX));
}

/**
 * The quick compiler alone, since most functions end before the better one has paid off (developer guide, "Customize
 * Java runtime startup"); from Java 25 not where Init happens ahead of time.
 */
function recentFlags({ major, facts }: JavaStart): readonly string[] {
  const quick = Number(major) < 25 || facts.initializationType === 'on-demand';
  return [
    ...(quick ? ['-XX:+TieredCompilation', '-XX:TieredStopAtLevel=1'] : []),
    '-XX:+ErrorFileToStderr',
    // Else Java 24 and later warn in the function's log that AWS's client loads its native library.
    ...(Number(major) >= 24 ? ['--enable-native-access=ALL-UNNAMED'] : []),
  ];
}

/** An archive that does not fit (another collector, an agent) is passed over, without a word in the function's log. */
function archiveFlags({ archive, inside }: JavaStart): readonly string[] {
  const runtime = inside.path('/var/runtime');
  if (archive === undefined || runtime !== '/var/runtime') return [];
  return [`-XX:SharedArchiveFile=${runtime}/${archive}`, '-Xshare:auto', '-Xlog:cds*=off'];
}

/** AWS's client looks into `/opt/java/lib` by itself; where there is no such place inside, it is told. */
function layerJars(inside: InsideView): readonly string[] {
  const opt = inside.path('/opt');
  return opt === '/opt' ? [] : [`${opt}/java/lib/*`];
}
