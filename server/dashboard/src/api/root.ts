/** The page may be served below a path; what it asks stands beside it. */
export const serverRoot = globalThis.document === undefined ? '' : new URL('.', document.baseURI).href.replace(/\/$/, '');
