import { expect, test } from 'vitest';
import { loadServiceModel } from '../model/service-model.ts';
import { createRestRouter } from './rest-router.ts';

const route = createRestRouter(loadServiceModel('lambda').routes);
const match = (method: string, target: string) => {
  const [path = '', query = ''] = target.split('?');
  return route(method, path, new URLSearchParams(query));
};

test('every operation is reached by the path of its model', () => {
  const { routes } = loadServiceModel('lambda');
  const unreached = routes.filter(({ name, method, uri }) => {
    return match(method, uri.replaceAll(/\{(.+?)\}/g, 'label'))?.operation !== name;
  });
  expect(unreached).toEqual([]);
  expect(routes.length).toBe(88);
});

test('labels are percent-decoded inside their segment', () => {
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
  expect(match('GET', `/2015-03-31/functions/${encodeURIComponent(arn)}`)?.labels).toEqual({
    FunctionName: arn,
  });
  expect(match('GET', `/2015-03-31/functions/${arn}`)?.labels).toEqual({ FunctionName: arn });
  const execution = `${arn}:1/durable-execution/n/i`;
  expect(match('GET', `/2025-12-01/durable-executions/${encodeURIComponent(execution)}/history`)).toEqual({
    operation: 'GetDurableExecutionHistory',
    labels: { DurableExecutionArn: execution },
  });
});

test('a trailing slash makes no difference, an empty label does', () => {
  expect(match('GET', '/2015-03-31/functions/')?.operation).toBe('ListFunctions');
  expect(match('GET', '/2015-03-31/functions')?.operation).toBe('ListFunctions');
  expect(match('GET', '/2015-03-31/functions//configuration')).toBeUndefined();
});

test('a literal query chooses between operations of one path', () => {
  expect(match('GET', '/2018-10-31/layers')?.operation).toBe('ListLayers');
  expect(match('GET', '/2018-10-31/layers?find=LayerVersion&Arn=a')?.operation).toBe('GetLayerVersionByArn');
  expect(match('GET', '/2018-10-31/layers?find=other')?.operation).toBe('ListLayers');
});

test('what no operation has is no match', () => {
  expect(match('PATCH', '/2015-03-31/functions')).toBeUndefined();
  expect(match('GET', '/2015-03-31/nothing')).toBeUndefined();
  expect(match('GET', '/2015-03-31/functions/%E0%A4%A')).toBeUndefined();
  expect(match('GET', `/2015-03-31/functions/${'a'.repeat(10_000)}`)).toBeUndefined();
});
