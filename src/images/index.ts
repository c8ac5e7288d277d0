export { imageKey } from './image-address.ts';
export { ImageError, type ImageFault, PullInterrupted } from './image-error.ts';
export { Images, type ImagesOptions, type LocalImage } from './images.ts';
export { type NamedRegistry, parseNamedRegistry } from './registry/registry-address.ts';
