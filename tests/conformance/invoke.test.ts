import { describe } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('Invoke, through boto3', () => boto3Checks('invoke.py'));
