import { expect, test } from 'vitest';
import { obstacleIn, type StartFolders } from './obstacles.ts';

function folders(some: Partial<StartFolders>): StartFolders {
  return { task: [], taskLib: [], optLib: [], extensions: [], ...some };
}

test('ordinary code and layers are no obstacle', () => {
  expect(obstacleIn(folders({ task: ['index.js', 'node_modules', 'also.txt', 'so'] }))).toBeUndefined();
  expect(obstacleIn(folders({ optLib: ['data.json'] }))).toBeUndefined();
});

test('an extension starts before the runtime', () => {
  expect(obstacleIn(folders({ extensions: ['agent'] }))).toMatch(/extensions/);
});

test('the loader looks for libraries of the interpreter in code and layers', () => {
  expect(obstacleIn(folders({ task: ['libstdc++.so.6'] }))).toMatch(/^libstdc\+\+\.so\.6 is a library/);
  expect(obstacleIn(folders({ taskLib: ['libz.so.1.2.13'] }))).toMatch(/^libz\.so\.1\.2\.13 is a library/);
  expect(obstacleIn(folders({ optLib: ['libpq.so'] }))).toMatch(/^libpq\.so is a library/);
});
