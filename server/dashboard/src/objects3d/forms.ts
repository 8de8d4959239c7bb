/** The forms of 3D objects that can be shown, by the endings of their files. */

const FORMS = ['obj', 'stl', 'ply', 'glb', 'gltf', 'splat'] as const;
export type Form = (typeof FORMS)[number];

/** Whether files with this ending, in small letters, can be shown. */
export const isReadable = (ending: string): ending is Form => FORMS.some((form) => form === ending);
