import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assembleTrace } from './assemble-trace.ts';
import { Sampler } from './sampler.ts';
import { parseDatagram, parseSegment } from './segment-document.ts';
import { parseTraceHeader, traceOf } from './trace-header.ts';
import { summarize } from './trace-summary.ts';

const ROOT = '1-66a0f1c2-0123456789abcdef01234567';
const segment = { id: '0123456789abcdef', trace_id: ROOT, name: 'n', start_time: 1_700_000_000.25 };

describe('the header of a trace', () => {
  test.each([
    [undefined, { lineage: '' }],
    ['Sampled=1', { sampled: true, lineage: '' }],
    [
      `Root=${ROOT};Parent=0123456789abcdef;Sampled=0`,
      { root: ROOT, parent: '0123456789abcdef', sampled: false, lineage: '' },
    ],
    [`Self=1-2-3; Root=${ROOT.toUpperCase()} ;Sampled=?`, { root: ROOT, lineage: '' }],
    [`Root=${ROOT};Lineage=a87bd80c:1|68fd508a:5`, { root: ROOT, lineage: ';Lineage=a87bd80c:1|68fd508a:5' }],
    ['Root=1-x-y;Parent=z;Sampled=2;Lineage=\u00e4', { lineage: '' }],
  ])('%j', (text, expected) => {
    expect(parseTraceHeader(text)).toEqual(expected);
  });

  test('whatever a caller sends, a function gets a header of the known form', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: 'binary' }), fc.boolean(), (text, sampled) => {
        const { header } = traceOf(parseTraceHeader(text), { sampled, nowMs: 1, digits: 'a'.repeat(64) });
        expect(header).toMatch(
          /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01](;Lineage=[\w:|.-]+)?$/,
        );
      }),
    );
  });
});

test('the first request of each second is sampled, and five percent of the others', () => {
  const sampler = new Sampler();
  expect([sampler.decide(1_000, 0.9), sampler.decide(1_001, 0.9), sampler.decide(1_999, 0.049)]).toEqual([
    true,
    false,
    true,
  ]);
  expect([sampler.decide(2_000, 0.9), sampler.decide(2_001, 0.05)]).toEqual([true, false]);
});

describe('a segment', () => {
  test('is read as it was sent', () => {
    const text = JSON.stringify(segment);
    const expected = { id: segment.id, traceId: ROOT, startMs: 1_700_000_000_250, document: text };
    expect(parseSegment(text)).toEqual(expected);
    expect(parseDatagram(Buffer.from(`{"format": "json", "version": 1}\n${text}`))).toEqual(expected);
  });

  test.each([
    '',
    'null',
    '[]',
    JSON.stringify({ ...segment, id: 'short' }),
    JSON.stringify({ ...segment, trace_id: '1-2-3' }),
    JSON.stringify({ ...segment, name: '' }),
    JSON.stringify({ ...segment, name: 'n'.repeat(201) }),
    JSON.stringify({ ...segment, start_time: 1e300 }),
    JSON.stringify({ ...segment, start_time: '1' }),
    JSON.stringify({ ...segment, filler: 'x'.repeat(65_536) }),
    JSON.stringify({ ...segment, metadata: 0 }).replace('0}', `${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
  ])('is none where it is wrong: %#', (text) => {
    expect(parseSegment(text)).toBeUndefined();
  });

  test.each(['', '{}', 'x\n{}', '{"format":"json","version":2}\n{}', JSON.stringify(segment)])(
    'needs the daemon’s line before it: %j',
    (text) => {
      expect(parseDatagram(Buffer.from(text))).toBeUndefined();
    },
  );
});

describe('a trace', () => {
  const own = {
    ...segment,
    origin: 'AWS::Lambda::Function',
    end_time: 1_700_000_001.25,
    subsegments: [{ id: 'bbbbbbbbbbbbbbbb', name: 'Invocation' }],
  };
  const sub = (id: string, parent: string, more = {}) =>
    JSON.stringify({
      ...segment,
      id: id.repeat(16),
      parent_id: parent.repeat(16),
      type: 'subsegment',
      name: id,
      ...more,
    });

  test('has subsegments where they belong, in whatever order they came', () => {
    const documents = [
      sub('d', 'c'),
      sub('c', 'b', { annotations: { a: 1 } }),
      JSON.stringify(own),
      sub('e', 'f'),
    ];
    const trace = assembleTrace(ROOT, documents);
    expect(trace.segments.map(({ id }) => id)).toEqual([segment.id, 'e'.repeat(16)]);
    expect(trace.segments[0]?.members['subsegments']).toMatchObject([
      { name: 'Invocation', subsegments: [{ name: 'c', subsegments: [{ name: 'd' }] }] },
    ]);
    expect(summarize(trace)).toMatchObject({ durationSeconds: 1, hasFault: false, annotations: { a: [1] } });
  });

  test('of subsegments that hang on one another in a circle can be shown', () => {
    const circle = [sub('a', 'b'), sub('b', 'c'), sub('c', 'a'), sub('d', 'd')];
    const nested = sub('e', 'f', { subsegments: [{ id: 'f'.repeat(16), name: 'f' }] });
    const trace = assembleTrace(ROOT, [...circle, nested]);
    expect(JSON.stringify(trace).length).toBeGreaterThan(0);
    expect(trace.segments.length).toBeGreaterThan(0);
  });

  test('of any number of links can be shown and summed up', () => {
    const letters = fc.constantFrom(...'0123456789abcdef'.split(''));
    fc.assert(
      fc.property(fc.array(fc.tuple(letters, letters), { maxLength: 40 }), (links) => {
        const trace = assembleTrace(
          ROOT,
          links.map(([id, parent]) => sub(id, parent)),
        );
        expect(() => JSON.stringify([trace, summarize(trace)])).not.toThrow();
      }),
    );
  });

  test('of a chain without end is shown in pieces', () => {
    const id = (index: number): string => index.toString(16).padStart(16, '0');
    const chain = Array.from({ length: 1_000 }, (_, index) =>
      JSON.stringify({ ...segment, id: id(index + 1), parent_id: id(index), type: 'subsegment' }),
    );
    const { segments } = assembleTrace(ROOT, chain);
    expect(segments.length).toBeGreaterThan(1);
    expect(segments.length).toBeLessThan(20);
  });
});
