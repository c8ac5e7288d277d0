/** Where a member of an input or output travels; absent means the body. */
export type MemberLocation = 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode';

export interface Member {
  readonly name: string;
  /** On the wire, where it differs from the member's own name. */
  readonly wireName: string;
  /** `functionName`: how AWS's validation messages spell it. */
  readonly pathName: string;
  readonly location?: MemberLocation;
  readonly shape: Shape;
}

export interface StructureShape {
  readonly type: 'structure';
  readonly name: string;
  readonly members: readonly Member[];
  readonly required: ReadonlySet<string>;
  /** The member that is the whole body. */
  readonly payload?: string;
  readonly eventStream: boolean;
}

export interface ListShape {
  readonly type: 'list';
  readonly name: string;
  readonly element: Shape;
  /** Query protocol: element name, `member` unless the model says otherwise. */
  readonly elementName: string;
  readonly flattened: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly sensitive: boolean;
}

export interface MapShape {
  readonly type: 'map';
  readonly name: string;
  readonly key: ScalarShape;
  readonly value: Shape;
  readonly min?: number;
  readonly max?: number;
  readonly sensitive: boolean;
}

export type ScalarType =
  | 'string'
  | 'integer'
  | 'long'
  | 'float'
  | 'double'
  | 'boolean'
  | 'blob'
  | 'timestamp';

export interface ValuePattern {
  /** As AWS prints it. */
  readonly text: string;
  matches(value: string): boolean;
}

export interface ScalarShape {
  readonly type: ScalarType;
  readonly name: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: ValuePattern;
  readonly values?: readonly string[];
  readonly sensitive: boolean;
}

export type Shape = StructureShape | ListShape | MapShape | ScalarShape;

export type Protocol = 'rest-json' | 'json' | 'query' | 'ec2';

export interface OperationModel {
  readonly name: string;
  readonly method: string;
  /** `/2015-03-31/functions/{FunctionName}`, with a literal query string where the model has one. */
  readonly uri: string;
  /** HTTP status of success. */
  readonly status: number;
  readonly input?: StructureShape;
  readonly output?: StructureShape;
  readonly resultWrapper?: string;
}
